"""Which pixels of a picture stand still: those that the unmoved source shows better."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.generator import Blend

AROUND = 9  # pixels a side over which errors are averaged: one pixel alone is right by chance
LEAST_SHARE = 1e-4  # of either, in the logarithm


def still_share_loss(blend: Blend, source: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of the still share with what would have been right, by how much it matters.

    A pixel should stand still where the unmoved source is nearer to the target than what moves;
    it counts by the difference of the two errors. The error of the blended picture alone says so
    too, but hardly where the share is near 0 or 1.

    Args:
        blend: what G made.
        source, target: (B, 3, H, W) in [0, 1].

    Returns:
        A number, of the size of an L1 distance of pictures.
    """
    with torch.no_grad():
        gain = _error(blend.moving, target) - _error(source, target)
    still = blend.still.clamp(LEAST_SHARE, 1 - LEAST_SHARE)
    right = torch.where(gain > 0, still, 1 - still)
    return -(gain.abs() * right.log()).mean()


def _error(picture: Tensor, target: Tensor) -> Tensor:
    """Mean distance around each pixel: (B, 1, H, W)."""
    distance = (picture - target).abs().mean(1, keepdim=True)
    return F.avg_pool2d(distance, AROUND, 1, AROUND // 2, count_include_pad=False)
