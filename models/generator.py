"""G, the generator of the paper: warped volume to image."""

import itertools
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.appearance import SourceFeatures
from models.blocks import ResBlock, SameBlock, UpBlock, convolution
from models.config import IMAGE_CHANNELS, ModelConfig
from models.geometry import plane_grid
from models.motion_field import MotionField, warp_volume

STILL_WIDTHS = (16, 24)  # of the layers that tell what stands still


class Generator(nn.Module):
    """G (figure 12e): project to 2-D, times occlusion, residual blocks, doublings, sigmoid."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths = config.generator.widths
        planes = config.volume_channels * config.volume_depth
        self.entry = SameBlock(planes, widths[0], leaky=True)
        self.project = convolution(2, widths[0], widths[0], 1)
        self.blocks = nn.Sequential(*(ResBlock(widths[0]) for _ in range(config.generator.blocks)))
        self.up = nn.Sequential(*(UpBlock(a, b) for a, b in itertools.pairwise(widths)))
        self.to_image = convolution(2, widths[-1], IMAGE_CHANNELS, 7)

    def forward(self, features: SourceFeatures, field: MotionField) -> Tensor:
        """Source features and motion field -> (B, 3, H, W) in [0, 1]."""
        warped = warp_volume(features.volume, field.flow).flatten(1, 2)  # 32 x 16 -> 512 planes
        y = self.project(self.entry(warped))
        y = y * F.adaptive_avg_pool2d(field.occlusion, y.shape[-1])  # a planar M's is finer
        return torch.sigmoid(self.to_image(self.up(self.blocks(y))).float())


def warp_plane(plane: Tensor, flow: Tensor) -> Tensor:
    """Sample (B, C, H, W) at flow (B, H, W, 2); the border goes on outside."""
    return F.grid_sample(plane, flow, padding_mode="border", align_corners=False)


@dataclass(frozen=True, slots=True)
class Blend:
    """A picture and what it is put together from.

    Attributes:
        picture: still * source + (1 - still) * moving, (B, 3, H, W) in [0, 1].
        moving: alpha * warped + (1 - alpha) * generated, (B, 3, H, W).
        warped: the warped source, (B, 3, H, W).
        alpha, still: (B, 1, H, W) in [0, 1].
    """

    picture: Tensor
    moving: Tensor
    warped: Tensor
    alpha: Tensor
    still: Tensor


class StillShare(nn.Module):
    """Which pixels are those of the unmoved source.

    Args:
        channels: of G's features.
        seen: channels of the source's.
    """

    def __init__(self, channels: int, seen: int) -> None:
        super().__init__()
        coarse, fine = STILL_WIDTHS
        self.up = UpBlock(channels, coarse)
        self.merge = SameBlock(coarse + 2 * seen, fine)
        self.share = convolution(2, fine, 4, 3)

    def forward(self, features: Tensor, moved: Tensor, unmoved: Tensor) -> Tensor:
        """Of G (B, C, h, h), of the source twice (B, C', 2h, 2h) -> (B, 1, 4h, 4h) in [0, 1]."""
        y = self.merge(torch.cat([self.up(features), moved, unmoved], 1))
        return torch.sigmoid(F.pixel_shuffle(self.share(y), 2).float())


class BlendingGenerator(nn.Module):
    """G that keeps what the source already shows.

    The source picture and its finer features are warped by the surface flow. But a head moves in
    front of a room that does not, and where one ends and the other begins is finer than that flow:
    each pixel is a learned mixture of the warped source, the unmoved source and what is generated
    (`Blend`).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        coarse, middle, fine = config.generator.widths
        skip, fine_skip = config.appearance.skip_widths
        seen = skip + config.motion_field.surface_widths[1]
        planes = config.volume_channels * config.volume_depth
        self.entry = SameBlock(planes, coarse)
        self.detail = SameBlock(seen, skip)
        self.detail_down = SameBlock(skip, middle)
        self.merge = SameBlock(coarse + middle, coarse)
        self.blocks = nn.Sequential(*(ResBlock(coarse) for _ in range(config.generator.blocks)))
        self.up = UpBlock(coarse, middle)
        self.merge_detail = nn.Sequential(SameBlock(middle + skip, middle), ResBlock(middle))
        self.up_fine = UpBlock(middle, fine)
        self.merge_fine = SameBlock(fine + fine_skip, fine)
        self.to_image = convolution(2, fine, (IMAGE_CHANNELS + 1) * 4, 3)
        self.still = StillShare(middle, fine_skip)

    def forward(self, features: SourceFeatures, field: MotionField) -> Tensor:
        """Source features and a field with a surface -> (B, 3, H, W) in [0, 1]."""
        return self.blend(features, field).picture

    def blend(
        self, features: SourceFeatures, field: MotionField, alone: Tensor | None = None
    ) -> Blend:
        """The picture and its parts.

        Args:
            alone: (B,) bool, pictures that are generated alone: nothing of the source is in them.
        """
        if field.surface is None:
            raise ValueError("a blending generator needs a planar motion field")
        flow = field.surface.flow
        skip, fine_skip = features.skips

        volume = self.entry(warp_volume(features.volume, field.flow).flatten(1, 2))
        seen = warp_plane(skip, flow) * field.occlusion
        detail = self.detail(torch.cat([seen, field.surface.features], 1))
        y = self.merge(torch.cat([volume, self.detail_down(F.avg_pool2d(detail, 2))], 1))
        y = self.up(self.blocks(y))
        y = self.merge_detail(torch.cat([y, detail], 1))
        flow = _resized_flow(flow, fine_skip.shape[-1])
        moved = warp_plane(fine_skip, flow)
        still = self.still(y, moved, fine_skip)
        y = self.merge_fine(torch.cat([self.up_fine(y), moved], 1))
        out = F.pixel_shuffle(self.to_image(y), 2).float()

        generated, alpha = torch.sigmoid(out).tensor_split([IMAGE_CHANNELS], 1)
        if alone is not None:
            alpha, still = (share * ~alone[:, None, None, None] for share in (alpha, still))
        warped = warp_plane(features.image, _resized_flow(flow, features.image.shape[-1]))
        moving = alpha * warped + (1 - alpha) * generated
        picture = still * features.image + (1 - still) * moving
        return Blend(picture, moving, warped, alpha, still)


def _resized_flow(flow: Tensor, size: int) -> Tensor:
    """Interpolate (B, h, w, 2) to (B, size, size, 2).

    It is the displacement that is interpolated: the coordinates themselves would be cut off
    beyond the outer pixel centres, and a still picture would bend at its edges.
    """
    shift = (flow - plane_grid(flow.shape[1], flow.device)).permute(0, 3, 1, 2)
    shift = F.interpolate(shift, size=size, mode="bilinear", align_corners=False)
    return shift.permute(0, 2, 3, 1) + plane_grid(size, flow.device)
