"""F, the appearance feature extractor: one photo to a feature volume."""

import itertools
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import DownBlock, ResBlock, SameBlock, convolution
from models.config import IMAGE_CHANNELS, ModelConfig


@dataclass(frozen=True, slots=True)
class SourceFeatures:
    """What F makes of a source image, once per photo.

    Attributes:
        volume: f_s, (B, C, D, H', W').
        skips: plane features of the source at finer resolutions, coarse to fine; may be empty.
        image: the source itself, (B, 3, H, W) in [0, 1].
    """

    volume: Tensor
    skips: tuple[Tensor, ...]
    image: Tensor


class AppearanceExtractor(nn.Module):
    """F (figure 12a): stem, halvings, 1x1 convolution, cut into a volume, 3-D residual blocks."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.appearance
        self.channels, self.depth = config.volume_channels, config.volume_depth
        widths = shape.widths
        self.stem = SameBlock(IMAGE_CHANNELS, widths[0], shape.stem_kernel)
        self.down = nn.ModuleList(DownBlock(cin, cout) for cin, cout in itertools.pairwise(widths))
        self.plane_blocks = nn.Sequential(
            *(ResBlock(widths[-1]) for _ in range(shape.plane_blocks))
        )
        self.to_volume = convolution(2, widths[-1], self.channels * self.depth, 1)
        self.volume_blocks = nn.Sequential(
            *(ResBlock(self.channels, dims=3) for _ in range(shape.volume_blocks))
        )
        # The input of the last halving is the coarsest skip, the one before it the next.
        self.skips = nn.ModuleList(
            convolution(2, width, kept, 1)
            for width, kept in zip(reversed(widths[1:-1]), shape.skip_widths, strict=False)
        )

    def forward(self, image: Tensor) -> SourceFeatures:
        """(B, 3, H, W) in [0, 1] -> `SourceFeatures`."""
        planes = [self.stem(image)]
        for halve in self.down:
            planes.append(halve(planes[-1]))
        x = self.to_volume(self.plane_blocks(planes[-1]))
        volume = self.volume_blocks(x.unflatten(1, (self.channels, self.depth)))  # CxD planes
        finer = planes[-2 : -2 - len(self.skips) : -1]
        skips = tuple(keep(plane) for keep, plane in zip(self.skips, finer, strict=True))
        return SourceFeatures(volume, skips, image)


def resized(image: Tensor, size: int) -> Tensor:
    """Shrink (B, 3, H, W) to (B, 3, size, size) by averaging whole pixels."""
    return image if image.shape[-1] == size else F.interpolate(image, size=size, mode="area")
