"""M, the motion field estimator: keypoints and feature volume to flow, masks and occlusion."""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import DownBlock, SameBlock, UpBlock, convolution
from models.config import ModelConfig
from models.geometry import in_full_precision, keypoint_flow_affine, keypoint_heatmaps, volume_grid


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Keypoints of an image and the head rotation that placed them.

    Attributes:
        points: (B, K, 3).
        rotation: (B, 3, 3).
    """

    points: Tensor
    rotation: Tensor


@dataclass(frozen=True, slots=True)
class MotionField:
    """Where every voxel of the driving volume comes from.

    Attributes:
        flow: w, (B, D, H', W', 3), coordinates in the source volume.
        mask: m, (B, K + 1, D, H', W'), sums to 1 over the flows; index 0 is the background.
        occlusion: o, (B, 1, H, W) in [0, 1].
        surface: the planar field's finer part, None for the paper's.
    """

    flow: Tensor
    mask: Tensor
    occlusion: Tensor
    surface: "SurfaceField | None" = None


@dataclass(frozen=True, slots=True)
class SurfaceField:
    """The motion of what is seen: one flow a pixel, at the depth of the visible surface.

    Attributes:
        flow: (B, H, W, 2), coordinates in the source picture.
        features: (B, channels, H, W), what M knows there.
    """

    flow: Tensor
    features: Tensor


FlowAffine = Callable[[Keypoints, Keypoints], tuple[Tensor, Tensor]]


def warp_volume(volume: Tensor, flow: Tensor) -> Tensor:
    """Sample (B, C, D, H, W) at flow (B, D', H', W', 3); zero outside."""
    return F.grid_sample(volume, flow, align_corners=False)


@in_full_precision
def compose_flow(mask: Tensor, points: Tensor, jacobian: Tensor, offsets: Tensor) -> Tensor:
    """w = m_0 p + sum_k m_k w_k with w_k(p) = J p + b_k.

    Args:
        mask: (B, K + 1, ...), sums to 1 over dim 1.
        points: (B or 1, ..., 3) the p of every place of the mask.
        jacobian: J (B, 3, 3).
        offsets: b (B, K, 3).

    Returns:
        (B, ..., 3).
    """
    still = mask[:, 0].unsqueeze(-1)
    batch = (len(mask), *(1,) * (points.dim() - 3))
    turned = points @ jacobian.transpose(1, 2).view(*batch, 3, 3)
    shifts = torch.einsum("bk...,bkc->b...c", mask[:, 1:], offsets)
    return still * points + (1 - still) * turned + shifts


@in_full_precision
def flow_affine(
    source: Keypoints,
    driving: Keypoints,
    *,
    rotation_in_flow: bool,
    scale_in_flow: bool = False,
    flat: bool = False,
) -> tuple[Tensor, Tensor]:
    """J and b of eq. 4 for a pair; see `ModelConfig` for what is in J.

    Flat: of keypoints and rotations as they are seen in the plane; the flow's z is 0 everywhere.
    """
    rotations = (source.rotation, driving.rotation) if rotation_in_flow else (None, None)
    seen = torch.ones(3, device=source.points.device)
    if flat:
        seen[2] = 0
    jacobian, offsets = keypoint_flow_affine(
        source.points * seen, driving.points * seen, *rotations, scales=scale_in_flow
    )
    return jacobian * seen * seen[:, None], offsets * seen


def flow_affine_of(config: ModelConfig) -> FlowAffine:
    """`flow_affine` as a configuration has it."""
    return functools.partial(
        flow_affine,
        rotation_in_flow=config.rotation_in_flow,
        scale_in_flow=config.scale_in_flow,
        flat=config.volume_depth == 1,
    )


class Hourglass3d(nn.Module):
    """3-D U-Net: the plane halves and doubles, the depth stays."""

    def __init__(
        self, cin: int, down: tuple[int, ...], up: tuple[int, ...], *, keeps_input: bool
    ) -> None:
        super().__init__()
        widths = (cin, *down)
        self.down = nn.ModuleList(DownBlock(a, b, dims=3) for a, b in itertools.pairwise(widths))
        skips = (0, *reversed(down[:-1]))
        incoming = (down[-1], *up[:-1])
        self.up = nn.ModuleList(
            UpBlock(a + skip, b, dims=3) for a, skip, b in zip(incoming, skips, up, strict=True)
        )
        self.keeps_input = keeps_input
        self.channels = up[-1] + (cin if keeps_input else 0)
        self.last = (
            SameBlock(self.channels, self.channels, dims=3) if keeps_input else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, cin, D, H, W) -> (B, channels, D, H, W)."""
        levels = [x]
        for halve in self.down:
            levels.append(halve(levels[-1]))
        y = levels.pop()
        for index, double in enumerate(self.up):
            y = double(torch.cat([y, levels.pop()], 1) if index else y)
        last: Tensor = self.last(torch.cat([y, x], 1) if self.keeps_input else y)
        return last


class MotionFieldEstimator(nn.Module):
    """M (figure 12d): K warped volumes and heat maps through a 3-D U-Net."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.motion_field
        self.affine = flow_affine_of(config)
        self.variance, self.flat = shape.heatmap_variance, config.volume_depth == 1
        flows = config.keypoints + 1
        self.compress = nn.Sequential(
            convolution(3, config.volume_channels, shape.compressed_channels, 1),
            nn.BatchNorm3d(shape.compressed_channels),
            nn.ReLU(),
        )
        self.hourglass = Hourglass3d(
            flows * (shape.compressed_channels + 1),
            shape.down_widths,
            shape.up_widths,
            keeps_input=shape.keeps_input,
        )
        channels = self.hourglass.channels
        self.mask = convolution(3, channels, flows, shape.mask_kernel)
        self.occlusion = convolution(2, channels * config.volume_depth, 1, 7)

    def forward(self, volume: Tensor, source: Keypoints, driving: Keypoints) -> MotionField:
        """Feature volume (B, C, D, H', W') and both images' keypoints -> `MotionField`."""
        depth, size = volume.shape[-3], volume.shape[-1]
        grid = volume_grid(depth, size, volume.device)
        jacobian, offsets = self.affine(source, driving)
        flows = self._candidate_flows(grid, jacobian, offsets)  # B x (K+1) x D x H x W x 3

        batch, count = flows.shape[:2]
        compressed = self.compress(volume)
        repeated = compressed[:, None].expand(-1, count, *(-1,) * 4).flatten(0, 1)
        warped = warp_volume(repeated, flows.flatten(0, 1))
        warped = warped.view(batch, count, *warped.shape[1:])
        shown = slice(2 if self.flat else 3)
        heat = keypoint_heatmaps(
            driving.points[..., shown], grid[..., shown], self.variance
        ) - keypoint_heatmaps(source.points[..., shown], grid[..., shown], self.variance)
        heat = F.pad(heat, (0, 0) * 3 + (1, 0))  # the background has no keypoint
        x = torch.cat([heat[:, :, None], warped], dim=2).flatten(1, 2)

        y = self.hourglass(x)
        mask = torch.softmax(self.mask(y).float(), dim=1)
        occlusion = torch.sigmoid(self.occlusion(y.flatten(1, 2)).float())  # D planes to channels
        return MotionField(compose_flow(mask, grid[None], jacobian, offsets), mask, occlusion)

    @staticmethod
    @in_full_precision
    def _candidate_flows(grid: Tensor, jacobian: Tensor, offsets: Tensor) -> Tensor:
        """The identity for the background, then w_k: (B, K + 1, D, H, W, 3)."""
        turned = grid[None] @ jacobian.transpose(1, 2)[:, None, None]
        moved = turned[:, None] + offsets[:, :, None, None, None]
        still = grid.expand(len(moved), 1, *grid.shape)
        return torch.cat([still, moved], dim=1)
