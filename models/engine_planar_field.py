"""M for a CPU as it runs: the arithmetic of `PlanarMotionFieldEstimator`, one frame at a time.

What depends on the source alone is computed once: the compressed volume, the source's heat maps,
and their share of the two convolutions that see them beside the driver's (a convolution of joined
planes is a sum of convolutions). Channels are last throughout, so masks are matrices of
places and flows, and the mixture of eq. 4 is a matrix product.
"""

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import DownBlock, SameBlock, UpBlock
from models.engine_folding import Doubled, Residual, convolved, same, share
from models.engine_precision import Precision
from models.engine_sampling import SampleTable
from models.geometry import plane_grid, volume_grid
from models.motion_field import Keypoints
from models.planar_motion_field import EXPRESSION_GAIN, PlanarMotionFieldEstimator


@dataclass(frozen=True, slots=True)
class FieldSource:
    """What M keeps of a source.

    Attributes:
        keypoints: x_s and R_s.
        compressed: the compressed volume.
        seen: the still volume's share of the entry, (1, C, H', W').
        heat: the source heat maps' share of their layer, (1, C, 2H', 2W').
    """

    keypoints: Keypoints
    compressed: SampleTable
    seen: Tensor
    heat: Tensor


@dataclass(frozen=True, slots=True)
class FieldMatrices:
    """`MotionField` as matrices; places go row by row of the picture.

    Attributes:
        flow: (3, H' W' D), depth fastest.
        surface: (2, 2H' 2W').
        occlusion: (2H' 2W', 1).
        features: (1, C, 2H', 2W').
    """

    flow: Tensor
    surface: Tensor
    occlusion: Tensor
    features: Tensor


class PlanarField:
    """M, ready to run.

    Args:
        network: in eval mode.
        size: H' = W' of the feature volume.
        precision: of the convolutions; coordinates and masks are fp32.
    """

    def __init__(
        self, network: PlanarMotionFieldEstimator, size: int, precision: Precision
    ) -> None:
        self._dtype = precision.dtype
        self._affine = network.affine
        self._falloff = -0.5 / network.variance
        self._depth, self._flows, self._size = network.depth, network.flows, size
        device = next(network.parameters()).device
        self._line = plane_grid(2 * size, device)[0, :, 0]
        self._plane = plane_grid(2 * size, device).view(-1, 2).t().contiguous()
        grid = volume_grid(self._depth, size, device)
        self._grid = grid.permute(3, 1, 2, 0).reshape(3, -1)  # H' x W' x D places

        self._compress = cast(nn.Conv3d, network.compress)
        self._expression = network.expression
        self._parts = network.expression_parts
        keypoints = self._flows - 1
        driver, source = torch.arange(2 * keypoints).chunk(2)
        self._heat = same(network.heat, precision, inputs=driver)
        self._heat_source = share(network.heat, precision, source)
        # The entry's planes: C x D of the volume as it is, C x D of it moved, heat maps. What is
        # moved comes here as D x C.
        planes = torch.arange(cast(nn.Conv2d, network.entry.conv).in_channels)
        volume = self._depth * self._compress.out_channels
        still, moved, heat = torch.split(planes, [volume, volume, len(planes) - 2 * volume])
        by_depth = moved.view(-1, self._depth).t().flatten()
        self._entry_still = share(network.entry, precision, still)
        self._entry = same(network.entry, precision, inputs=torch.cat([by_depth, heat]))
        self._down = [same(cast(DownBlock, block), precision) for block in network.down]
        self._middle = Residual(network.middle, precision)
        self._up = [Doubled(cast(UpBlock, block), precision) for block in network.up]
        self._merge = [same(cast(SameBlock, block), precision) for block in network.merge]
        by_depth = torch.arange(self._flows * self._depth).view(-1, self._depth).t().flatten()
        self._mask = convolved(network.mask, precision, outputs=by_depth)
        self._finer = Doubled(network.finer, precision)
        self._surface = same(network.surface, precision)
        self._heads = convolved(network.surface_heads, precision)

    def prepare(self, volume: Tensor, source: Keypoints) -> FieldSource:
        """Feature volume (1, C, D, H', W') and the source's keypoints -> what is kept of them."""
        compressed = self._compress(volume)
        return FieldSource(
            source,
            SampleTable(compressed, border=False),
            self._entry_still(compressed.flatten(1, 2)),
            self._heat_source(self._heatmaps(source.points)),
        )

    def field(self, source: FieldSource, driving: Keypoints) -> FieldMatrices:
        """M for one frame."""
        jacobian, offsets = self._affine(source.keypoints, driving)
        turn, offset = jacobian[0], offsets[0]
        shifts = F.pad(offset, (0, 0, 1, 0)).t()  # of the background none: 3 x (K + 1)
        size = self._size

        turned = turn @ self._grid
        moved = source.compressed.at(turned + offset.mean(0)[:, None])  # (H' W' D) x C
        moved = moved.view(1, size, size, -1).permute(0, 3, 1, 2)
        heat = self._heat(self._heatmaps(driving.points), plus=source.heat)
        joined = torch.cat([moved.to(self._dtype), F.avg_pool2d(heat, 2)], 1)
        coarse, finer = self._added(offset, driving.points[0])
        levels = [self._entry(joined, plus=source.seen).add_(coarse)]
        for convolution in self._down:
            levels.append(F.avg_pool2d(convolution(levels[-1]), 2))
        y = self._middle(levels.pop())
        for double, merge in zip(self._up, self._merge, strict=True):
            y = merge(torch.cat([double(y), levels.pop()], 1))

        mask = self._mask(y).permute(0, 2, 3, 1).reshape(-1, self._flows)  # (H' W' D) x (K + 1)
        mask = torch.softmax(mask, -1, dtype=torch.float32)
        flow = torch.addmm(turned, shifts, mask.t())
        flow.addcmul_(mask[:, 0], self._grid - turned)

        features = self._surface(torch.cat([self._finer(y).add_(finer), heat], 1))
        heads = self._heads(features).permute(0, 2, 3, 1).reshape(-1, self._flows + 2)
        mask = torch.softmax(heads[:, : self._flows], -1, dtype=torch.float32)
        depth = torch.tanh(heads[:, -2].float())
        turned = torch.addmm(turn[:2, 2:] * depth, turn[:2, :2], self._plane)
        surface = torch.addmm(turned, shifts[:2], mask.t())
        surface.addcmul_(mask[:, 0], self._plane - turned)
        return FieldMatrices(flow, surface, torch.sigmoid(heads[:, -1:].float()), features)

    def _heatmaps(self, points: Tensor) -> Tensor:
        """Gaussians around keypoints (1, K, 3) on the fine plane, (1, K, 2H', 2W').

        A gaussian of the plane is the product of one along x and one along y.
        """
        along = torch.exp(self._falloff * (self._line[:, None, None] - points[0, :, :2]).square())
        x, y = along.to(self._dtype).unbind(-1)  # (2H') x K
        return (y[:, None] * x[None]).permute(2, 0, 1)[None]

    def _added(self, offset: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
        """b and x_d, (K, 3) each -> what is added to the features, (1, C, 1, 1) each."""
        shape = driving - driving.mean(0)
        numbers = torch.cat([offset, shape]).flatten()[None] * EXPRESSION_GAIN
        added = self._expression(numbers).to(self._dtype)[..., None, None]
        coarse, finer = torch.split(added, self._parts, dim=1)
        return coarse, finer
