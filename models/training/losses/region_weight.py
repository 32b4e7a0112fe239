"""Where a picture's error counts more: eyes and mouth."""

import torch
from torch import Tensor

from models.geometry import plane_grid

EYE_WEIGHT = 5.0
MOUTH_WEIGHT = 5.0
# First and last landmark (iBUG's 68) of a region and its weight.
REGIONS = ((36, 42, EYE_WEIGHT), (42, 48, EYE_WEIGHT), (48, 68, MOUTH_WEIGHT))
# A region's weight falls off as a gaussian of this deviation, in widths of the region.
DEVIATION_WIDTHS = 0.6


def region_weights(landmarks: Tensor, size: int) -> Tensor:
    """1 in most of the picture, 5 at eyes and mouth, without edges.

    Args:
        landmarks: (B, 68, 2) in [-1, 1]; a picture with NaN weighs 1 everywhere.
        size: side of the picture.

    Returns:
        (B, 1, size, size).
    """
    grid = plane_grid(size, landmarks.device)
    weights = torch.ones(len(landmarks), size, size, device=landmarks.device)
    for first, last, weight in REGIONS:
        points = landmarks[:, first:last]
        width = torch.cdist(points, points).flatten(1).amax(1)  # the same under any roll
        deviation = (DEVIATION_WIDTHS * width).clamp(min=2 / size)  # a pixel at least
        squares = (grid - points.mean(1)[:, None, None]).square().sum(-1)
        near = torch.exp(-0.5 * squares / deviation.square()[:, None, None])
        weights = torch.maximum(weights, 1 + (weight - 1) * near.nan_to_num(0.0))
    return weights[:, None]


def picture_loss(rendering: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """L1 of (B, 3, H, W) pictures, weighted by (B, 1, H, W), mean over pixels and channels."""
    return (weights * (rendering - target).abs()).mean()
