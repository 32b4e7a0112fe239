"""L_E: keypoints move with the picture under a known transform of the plane."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.geometry import plane_grid

# Deviations of the random transform, as the first order motion model draws it.
AFFINE_DEVIATION = 0.05
SPLINE_DEVIATION = 0.005
CONTROL_POINTS_A_SIDE = 5
SMALLEST_SQUARE = 1e-12  # keeps the logarithm finite at a control point


@dataclass(frozen=True, slots=True)
class PlaneTransform:
    """A batch of transforms of the plane: affine plus thin-plate spline.

    A point goes to A (x, y, 1) + sum_c s_c U(|(x, y) - c|) with U(r) = r^2 ln r and control
    points c on a square lattice over [-1, 1].

    Attributes:
        affine: A, (B, 2, 3).
        spline: s, (B, control points, 2).
    """

    affine: Tensor
    spline: Tensor

    @classmethod
    def draw(cls, batch: int, random: torch.Generator) -> "PlaneTransform":
        """Draw a batch of transforms near the identity (on the CPU)."""
        identity = torch.eye(2, 3).expand(batch, 2, 3)
        affine = identity + AFFINE_DEVIATION * torch.randn(batch, 2, 3, generator=random)
        count = CONTROL_POINTS_A_SIDE**2
        return cls(affine, SPLINE_DEVIATION * torch.randn(batch, count, 2, generator=random))

    def move(self, points: Tensor) -> Tensor:
        """(B, N, 2) -> (B, N, 2)."""
        line = torch.linspace(-1, 1, CONTROL_POINTS_A_SIDE, device=points.device)
        controls = torch.cartesian_prod(line, line)
        squares = (points[:, :, None] - controls).square().sum(-1).clamp(min=SMALLEST_SQUARE)
        bends = 0.5 * squares * squares.log()  # r^2 ln r, B x N x controls
        straight = points @ self.affine[:, :, :2].transpose(1, 2) + self.affine[:, None, :, 2]
        return straight + bends @ self.spline

    def warp(self, picture: Tensor) -> Tensor:
        """The picture (B, C, S, S) whose pixel p shows what the given one shows at `move(p)`."""
        size = picture.shape[-1]
        grid = plane_grid(size, picture.device).view(1, -1, 2).expand(len(picture), -1, 2)
        places = self.move(grid).view(len(picture), size, size, 2)
        return F.grid_sample(picture, places, padding_mode="reflection", align_corners=False)


def equivariance_loss(points: Tensor, warped: Tensor, transform: PlaneTransform) -> Tensor:
    """|| x_d - T^-1(x_{T(d)}) ||_1 after dropping z, mean over keypoints and coordinates.

    `PlaneTransform.move` is T^-1: it says where a point of the warped picture was before.

    Args:
        points: x_d, (B, K, 3) keypoints of the picture.
        warped: x_{T(d)}, (B, K, 3) keypoints of the warped picture.
    """
    return (points[..., :2] - transform.move(warped[..., :2])).abs().mean()
