"""M for a CPU: the same flows and masks from 2-D convolutions, and a finer flow of the surface."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import DownBlock, ResBlock, SameBlock, UpBlock, convolution
from models.config import ModelConfig
from models.geometry import in_full_precision, keypoint_heatmaps, plane_grid, volume_grid
from models.motion_field import (
    Keypoints,
    MotionField,
    SurfaceField,
    compose_flow,
    flow_affine_of,
    warp_volume,
)

# Keypoints move by about a tenth of half a picture; times this, what they say is about 1.
EXPRESSION_GAIN = 10.0
EXPRESSION_WIDTH = 128


class PlanarMotionFieldEstimator(nn.Module):
    """M with depth folded into channels, at a tenth of the arithmetic of the 3-D U-Net.

    Instead of K warped volumes the network sees two, the still one and the one moved by the head
    rotation and the mean keypoint shift: the K flows of eq. 4 share one rotation and differ by an
    offset alone, which the heat maps show. Heat maps are planes of twice the volume's size. An
    eyelid moves by less than a heat map shows well, so the offsets and the driver's shape also
    enter as numbers, the same for every place.

    The surface flow answers "which source pixel is seen here": eq. 4 at the predicted depth of
    the visible surface, on the finer plane.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.motion_field
        self.affine = flow_affine_of(config)
        self.variance = shape.heatmap_variance
        self.depth, self.flows = config.volume_depth, config.keypoints + 1
        self.compress = convolution(3, config.volume_channels, shape.compressed_channels, 1)
        seen = 2 * shape.compressed_channels * self.depth
        fine, finer = shape.surface_widths
        heatmaps = 2 * config.keypoints

        self.heat = SameBlock(heatmaps, fine)
        self.expression_parts = [shape.down_widths[0], finer]
        self.expression = nn.Sequential(
            nn.Linear(6 * config.keypoints, EXPRESSION_WIDTH),
            nn.ReLU(),
            nn.Linear(EXPRESSION_WIDTH, sum(self.expression_parts)),
        )
        first, *deeper = shape.down_widths
        self.entry = SameBlock(seen + fine, first)
        self.down = nn.ModuleList(
            DownBlock(a, b) for a, b in zip([first, *deeper], deeper, strict=False)
        )
        self.middle = ResBlock(shape.down_widths[-1])
        skips = shape.down_widths[-2::-1]
        incoming = (shape.down_widths[-1], *shape.up_widths[:-1])
        self.up = nn.ModuleList(
            UpBlock(a, b) for a, b in zip(incoming, shape.up_widths, strict=True)
        )
        self.merge = nn.ModuleList(
            SameBlock(b + skip, b) for b, skip in zip(shape.up_widths, skips, strict=True)
        )
        kernel = shape.mask_kernel
        self.mask = convolution(2, shape.up_widths[-1], self.flows * self.depth, kernel)
        self.finer = UpBlock(shape.up_widths[-1], finer)
        self.surface = SameBlock(finer + fine, finer)
        self.surface_heads = convolution(2, finer, self.flows + 2, kernel)

    def forward(self, volume: Tensor, source: Keypoints, driving: Keypoints) -> MotionField:
        """Feature volume (B, C, D, H', W') and both images' keypoints -> `MotionField`.

        Occlusion and surface are on a plane of 2H' x 2W'.
        """
        size = volume.shape[-1]
        grid = volume_grid(self.depth, size, volume.device)[None]
        plane = plane_grid(2 * size, volume.device)
        jacobian, offsets = self.affine(source, driving)

        compressed = self.compress(volume)
        moved = _moved(grid, jacobian, offsets.mean(1))
        seen = torch.cat([compressed, warp_volume(compressed, moved)], 1).flatten(1, 2)
        heat = self.heat(
            torch.cat(
                [
                    keypoint_heatmaps(image.points[..., :2], plane, self.variance)
                    for image in (driving, source)
                ],
                dim=1,
            )
        )  # B x 2K planes -> B x fine

        coarse, finer = self._expression(offsets, driving.points)
        levels = [self.entry(torch.cat([seen, F.avg_pool2d(heat, 2)], 1)) + coarse]
        for halve in self.down:
            levels.append(halve(levels[-1]))
        y = self.middle(levels.pop())
        for double, merge in zip(self.up, self.merge, strict=True):
            y = merge(torch.cat([double(y), levels.pop()], 1))

        mask = self.mask(y).float().unflatten(1, (self.flows, self.depth))  # (K+1) x D planes
        mask = torch.softmax(mask, dim=1)
        features = self.surface(torch.cat([self.finer(y) + finer, heat], 1))
        heads = self.surface_heads(features).float()
        depth, occlusion = torch.tanh(heads[:, -2]), torch.sigmoid(heads[:, -1:])
        points = torch.cat([plane.expand(len(depth), *plane.shape), depth[..., None]], dim=-1)
        surface_mask = torch.softmax(heads[:, :-2], dim=1)
        surface = compose_flow(surface_mask, points, jacobian, offsets)[..., :2]
        return MotionField(
            compose_flow(mask, grid, jacobian, offsets),
            mask,
            occlusion,
            SurfaceField(surface, features),
        )

    def _expression(self, offsets: Tensor, driving: Tensor) -> tuple[Tensor, ...]:
        """b and x_d, (B, K, 3) each -> what is added to the features, (B, C, 1, 1) each."""
        shape = driving - driving.mean(1, keepdim=True)
        numbers = torch.cat([offsets, shape], 1).flatten(1) * EXPRESSION_GAIN  # B x 6K
        added: Tensor = self.expression(numbers)
        return torch.split(added[..., None, None], self.expression_parts, dim=1)


@in_full_precision
def _moved(points: Tensor, jacobian: Tensor, offset: Tensor) -> Tensor:
    """J p + b for points (1, D, H, W, 3), J (B, 3, 3) and b (B, 3): (B, D, H, W, 3)."""
    return points @ jacobian.transpose(1, 2)[:, None, None] + offset[:, None, None, None]
