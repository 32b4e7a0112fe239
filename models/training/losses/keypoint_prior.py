"""L_L (eq. 5): keypoints keep their distance from each other and a mean depth."""

import torch.nn.functional as F
from torch import Tensor

DISTANCE = 0.1  # D_t, squared half images
DEPTH = 0.33  # z_t, half images


def keypoint_prior_loss(points: Tensor, distance: float = DISTANCE, depth: float = DEPTH) -> Tensor:
    """sum_ij max(0, D_t - |x_i - x_j|^2) + |mean z - z_t|, mean over the batch.

    Pairs i = j, a constant, are left out.

    Args:
        points: x_d, (B, K, 3).
        distance: D_t; 0 leaves the depth alone.
        depth: z_t.
    """
    squares = (points[:, :, None] - points[:, None]).square().sum(-1)  # B x K x K
    close = F.relu(distance - squares)
    itself = close.diagonal(dim1=1, dim2=2).sum(-1)
    apart = close.sum((1, 2)) - itself
    return (apart + (points[..., 2].mean(1) - depth).abs()).mean()
