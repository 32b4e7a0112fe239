"""Coordinates, angles and keypoints: every convention of the project, stated once.

Coordinates are (x, y, z), each in [-1, 1] over the picture or the volume: x to the right, y down,
z away from the viewer (a right-handed system). A face that looks at the camera looks along -z.
A pixel's coordinate is that of its centre, so pixel i of n lies at (2i + 1) / n - 1, and one
point has the same coordinates at every resolution (`align_corners=False` throughout).

Angles are degrees in the order yaw, pitch, roll:

    yaw   > 0   the face turns to the image's right      (nose from (0, 0, -1) towards +x)
    pitch > 0   the face looks up                        (nose from (0, 0, -1) towards -y)
    roll  > 0   the head tilts clockwise in the image    (ear  from (1, 0, 0)  towards +y)

R = Rx(-pitch) Ry(-yaw) Rz(roll), applied to columns: x' = R x. Worked example: yaw 90 degrees
takes the nose (0, 0, -1) to (1, 0, 0), the image's right edge.
"""

import functools
import math
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

LARGEST_SCALE = 2.0
SIZE_NOISE = 0.05  # of a logarithm
LEAST_DISTANCE = 1e-3

P = ParamSpec("P")
Result = TypeVar("Result")


def in_full_precision(function: Callable[P, Result]) -> Callable[P, Result]:
    """Leave autocast within a function: bfloat16 has too few digits for coordinates.

    (In bfloat16 the composed flow is off by up to 0.65 pixels of 256.)
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            return function(*args, **kwargs)

    return run


def plane_grid(size: int, device: torch.device) -> Tensor:
    """Pixel centres of a square plane: (size, size, 2), last axis (x, y)."""
    line = (torch.arange(size, device=device, dtype=torch.float32) * 2 + 1) / size - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)


def volume_grid(depth: int, size: int, device: torch.device) -> Tensor:
    """Voxel centres of a volume: (depth, size, size, 3), last axis (x, y, z)."""
    plane = (torch.arange(size, device=device, dtype=torch.float32) * 2 + 1) / size - 1
    line = (torch.arange(depth, device=device, dtype=torch.float32) * 2 + 1) / depth - 1
    z, y, x = torch.meshgrid(line, plane, plane, indexing="ij")
    return torch.stack([x, y, z], dim=-1)


@in_full_precision
def rotation_matrix(angles: Tensor) -> Tensor:
    """Head rotation: (B, 3) yaw, pitch, roll in degrees -> (B, 3, 3)."""
    yaw, pitch, roll = (angles * (math.pi / 180)).unbind(-1)
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
    cy, sy, cp, sp, cr, sr = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin(), roll.cos(), roll.sin()
    about_x = _matrix(one, zero, zero, zero, cp, sp, zero, -sp, cp)
    about_y = _matrix(cy, zero, -sy, zero, one, zero, sy, zero, cy)
    about_z = _matrix(cr, -sr, zero, sr, cr, zero, zero, zero, one)
    rotation: Tensor = about_x @ about_y @ about_z
    return rotation


def _matrix(*rows: Tensor) -> Tensor:
    """Nine (B,) numbers, row by row -> (B, 3, 3)."""
    return torch.stack(rows, dim=-1).view(-1, 3, 3)


def euler_angles(rotation: Tensor) -> Tensor:
    """The inverse of `rotation_matrix`: (B, 3, 3) -> (B, 3) degrees, yaw within +-90."""
    yaw = torch.asin((-rotation[:, 0, 2]).clamp(-1, 1))
    pitch = torch.atan2(rotation[:, 1, 2], rotation[:, 2, 2])
    roll = torch.atan2(-rotation[:, 0, 1], rotation[:, 0, 0])
    return torch.stack([yaw, pitch, roll], dim=-1) * (180 / math.pi)


@in_full_precision
def transform_keypoints(
    canonical: Tensor, rotation: Tensor, translation: Tensor, deformations: Tensor
) -> Tensor:
    """T of eq. 1 and 2: x_k = R x_{c,k} + t + delta_k.

    Args:
        canonical: (B, K, 3).
        rotation: (B, 3, 3).
        translation: (B, 3).
        deformations: (B, K, 3).

    Returns:
        (B, K, 3) keypoints of the image.
    """
    return canonical @ rotation.transpose(1, 2) + translation[:, None] + deformations


@in_full_precision
def keypoint_flow_affine(
    source: Tensor,
    driving: Tensor,
    rotation_source: Tensor | None,
    rotation_driving: Tensor | None,
    *,
    scales: bool = False,
) -> tuple[Tensor, Tensor]:
    """Eq. 4, w_k(p) = J (p - x_{d,k}) + x_{s,k} with J = R_s R_d^-1, as w_k(p) = J p + b_k.

    J is the same for every keypoint, so a sum of flows weighted by masks needs only the K
    offsets; this is exact.

    Args:
        source, driving: (B, K, 3) keypoints.
        rotation_source, rotation_driving: (B, 3, 3), or None for a J that does not turn.
        scales: J also scales, by how much larger the source's head is than the driver's
            (`relative_size`). Not in the paper: a head that comes nearer to the camera grows as a
            whole, where shifts alone move its keypoints apart and all between them too little.

    Returns:
        J (B, 3, 3) and b (B, K, 3).
    """
    if rotation_source is None or rotation_driving is None:
        jacobian = torch.eye(3, device=source.device, dtype=source.dtype).expand(len(source), 3, 3)
    else:
        jacobian = rotation_source @ rotation_driving.transpose(1, 2)
    if scales:
        jacobian = jacobian * relative_size(source, driving)[:, None, None]
    return jacobian, source - driving @ jacobian.transpose(1, 2)


def relative_size(points: Tensor, others: Tensor) -> Tensor:
    """How many times as large one head is as the other: keypoints (B, K, 3) twice -> (B,).

    The median, over all pairs of keypoints, of the ratio of their distances: what an expression
    moves is in few of the pairs. It is off by 2 % all the same, and a scale moves hair and
    shoulders most, so it counts as far as it stands out of that: r = log ratio is taken as
    r^3 / (r^2 + `SIZE_NOISE`^2). At most `LARGEST_SCALE` either way; 1 for a single keypoint.
    """
    if points.shape[1] < 2:
        return points.new_ones(len(points))
    one, two = torch.triu_indices(points.shape[1], points.shape[1], 1, device=points.device)
    apart, others_apart = (
        (x[:, one] - x[:, two]).norm(dim=-1).clamp(min=LEAST_DISTANCE) for x in (points, others)
    )
    most = math.log(LARGEST_SCALE)
    ratio: Tensor = (apart / others_apart).log().median(1).values.clamp(-most, most)
    return (ratio**3 / (ratio**2 + SIZE_NOISE**2)).exp()


@in_full_precision
def expectation(weights: Tensor, values: Tensor) -> Tensor:
    """Means of values (N, n) under weights (..., N) that sum to 1: (..., n)."""
    return weights @ values


def keypoint_heatmaps(keypoints: Tensor, grid: Tensor, variance: float) -> Tensor:
    """Gaussians around keypoints: (B, K, n) and a grid (..., n) -> (B, K, ...), peak 1."""
    batch, count, dims = keypoints.shape
    centres = keypoints.view(batch, count, *(1,) * (grid.dim() - 1), dims)
    return torch.exp(-0.5 / variance * (grid - centres).square().sum(-1))
