"""G for a CPU as it runs: the arithmetic of `BlendingGenerator`, one frame at a time."""

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.appearance import SourceFeatures
from models.blocks import ResBlock
from models.config import IMAGE_CHANNELS
from models.engine_folding import Doubled, Residual, convolved, same, share
from models.engine_planar_field import FieldMatrices
from models.engine_precision import Precision
from models.engine_sampling import SampleTable
from models.generator import BlendingGenerator, StillShare, warp_plane
from models.geometry import plane_grid


@dataclass(frozen=True, slots=True)
class BlendingSource:
    """What G keeps of a source: all that it samples, coarse to fine.

    The image has so few channels that sampling it plane by plane is faster.

    Attributes:
        still: the unmoved features' share of the layer that compares them with the moved ones.
    """

    volume: SampleTable
    skip: SampleTable
    fine_skip: SampleTable
    image: Tensor
    still: Tensor


class Still:
    """`StillShare`, ready to run: what the unmoved source adds to its sum is made once."""

    def __init__(self, network: StillShare, precision: Precision) -> None:
        planes = torch.arange(cast(nn.Conv2d, network.merge.conv).in_channels)
        coarse = cast(nn.Conv2d, network.up.conv).out_channels
        seen = (len(planes) - coarse) // 2
        self._up = Doubled(network.up, precision)
        self._merge = same(network.merge, precision, inputs=planes[:-seen])
        self.unmoved = share(network.merge, precision, planes[-seen:])
        self._share = convolved(network.share, precision)

    def share(self, features: Tensor, moved: Tensor, unmoved: Tensor) -> Tensor:
        """G's features, the source's moved ones, `unmoved` of the others -> (H, W, 1)."""
        y = self._merge(torch.cat([self._up(features), moved], 1), plus=unmoved)
        shares = torch.sigmoid(F.pixel_shuffle(self._share(y), 2).float())
        return shares[0].permute(1, 2, 0)


class Blending:
    """G, ready to run.

    Args:
        network: in eval mode.
        depth, size: D and H' = W' of the feature volume; the picture is 8 times as wide.
        precision: of the convolutions; coordinates, samples and the picture are fp32.
    """

    def __init__(
        self, network: BlendingGenerator, depth: int, size: int, precision: Precision
    ) -> None:
        self._dtype, self._size = precision.dtype, size
        # The warped volume comes as D x C planes, the network knows them as C x D.
        planes = torch.arange(cast(nn.Conv2d, network.entry.conv).in_channels)
        by_depth = planes.view(-1, depth).t().flatten()
        self._entry = same(network.entry, precision, inputs=by_depth)
        self._detail = same(network.detail, precision)
        self._detail_down = same(network.detail_down, precision)
        self._merge = same(network.merge, precision)
        self._blocks = [Residual(cast(ResBlock, block), precision) for block in network.blocks]
        self._up = Doubled(network.up, precision)
        merge_detail, block = network.merge_detail
        self._merge_detail = same(merge_detail, precision)  # type: ignore[arg-type]
        self._detail_block = Residual(cast(ResBlock, block), precision)
        self._up_fine = Doubled(network.up_fine, precision)
        self._merge_fine = same(network.merge_fine, precision)
        self._still = Still(network.still, precision)
        # A pixel's colours lie side by side: rows and columns of the shuffle before its channels.
        shuffled = torch.arange((IMAGE_CHANNELS + 1) * 4).view(-1, 4).t().flatten()
        self._to_image = convolved(network.to_image, precision, outputs=shuffled)

        device = next(network.parameters()).device
        self._plane, self._fine_plane, self._image_plane = (
            plane_grid(scale * size, device).permute(2, 0, 1).contiguous() for scale in (2, 4, 8)
        )
        self._to_fine = doubling(2 * size, device)
        self._to_picture = doubling(4 * size, device) @ self._to_fine

    def prepare(self, features: SourceFeatures) -> BlendingSource:
        """Source features -> tables to sample."""
        skip, fine_skip = features.skips
        return BlendingSource(
            SampleTable(features.volume, border=False),
            SampleTable(skip, border=True),
            SampleTable(fine_skip, border=True),
            features.image,
            self._still.unmoved(fine_skip),
        )

    def picture(self, source: BlendingSource, field: FieldMatrices) -> Tensor:
        """G for one frame: (H, W, 3) in [0, 1], fp32."""
        size = self._size
        volume = self._entry(_planes(source.volume.at(field.flow), size).to(self._dtype))
        seen = (source.skip.at(field.surface) * field.occlusion).to(self._dtype)
        detail = self._detail(torch.cat([_planes(seen, 2 * size), field.features], 1))
        y = self._merge(torch.cat([volume, self._detail_down(F.avg_pool2d(detail, 2))], 1))
        for block in self._blocks:
            y = block(y)
        y = self._detail_block(self._merge_detail(torch.cat([self._up(y), detail], 1)))

        shift = field.surface.view_as(self._plane) - self._plane
        places = _enlarged(shift, self._to_fine).add_(self._fine_plane)
        fine = source.fine_skip.at(places.flatten(1))
        fine = _planes(fine.to(self._dtype), 4 * size)
        still = self._still.share(y, fine, source.still)
        out = self._to_image(self._merge_fine(torch.cat([self._up_fine(y), fine], 1)))
        # (2 x 2 x 4) planes of 4 H' -> pixels of 8 H'
        out = out.permute(0, 2, 3, 1).view(4 * size, 4 * size, 2, 2, -1).permute(0, 2, 1, 3, 4)
        out = torch.sigmoid(out.float()).reshape(8 * size, 8 * size, IMAGE_CHANNELS + 1)
        places = _enlarged(shift, self._to_picture).add_(self._image_plane)
        warped = warp_plane(source.image, places.permute(1, 2, 0)[None])[0].permute(1, 2, 0)
        moving = torch.lerp(out[..., :-1], warped, out[..., -1:])
        return torch.lerp(moving, source.image[0].permute(1, 2, 0), still)


def _planes(rows: Tensor, size: int) -> Tensor:
    """Rows of places (size^2 [D], C) -> (1, [D] C, size, size) without moving a number."""
    return rows.view(1, size, size, -1).permute(0, 3, 1, 2)


def doubling(size: int, device: torch.device) -> Tensor:
    """Bilinear doubling of a line as a matrix (2 size, size)."""
    line = torch.eye(size, device=device)[None]
    return F.interpolate(line, scale_factor=2.0, mode="linear", align_corners=False)[0].t()


def _enlarged(shift: Tensor, along: Tensor) -> Tensor:
    """Displacements (2, h, h), enlarged along both axes by (H, h): (2, H, H)."""
    return along @ shift @ along.t()
