"""L_P: two pictures compared by the features of a network trained to recognise things."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from models.training.losses.feature_network import FeatureNetwork


def perceptual_loss(
    network: FeatureNetwork,
    rendering: Tensor,
    target: Tensor,
    layer_weights: Sequence[float],
    halvings: Sequence[int],
    *,
    direction: float = 0.0,
    lpips: float = 0.0,
) -> Tensor:
    """Weighted L1 distance of features, summed over layers and scales.

    Args:
        rendering, target: (B, 3, H, W) in [0, 1].
        layer_weights: one for each of the network's layers.
        halvings: the scales compared: 0 is the picture itself, n its n-th halving; the paper
            takes 0, 1, 2, 3.
        direction: how much the squared distance counts between the features of each place scaled
            to length 1, which is what LPIPS compares (Zhang et al. 2018, eq. 1); the paper has
            none of it. A blur shortens features; this one also sees it turn them.
        lpips: how much LPIPS itself counts at each scale: the same distance, its channels weighed
            by the network's heads, and every layer alike.

    Returns:
        A number; each layer's distance is a mean over its features, so that layers and scales of
        any size count alike.
    """
    total = rendering.new_zeros(())
    for halving in halvings:
        scale = 2**halving
        with torch.no_grad():
            expected = network(_shrunk(target, scale))
        features = network(_shrunk(rendering, scale))
        layers = zip(network.layers, layer_weights, features, expected, strict=True)
        for layer, weight, one, other in layers:
            distance = (one.float() - other.float()).abs().mean()
            if direction > 0 or lpips > 0:
                turned = (F.normalize(one.float()) - F.normalize(other.float())).square()
                turned = turned.mean((0, 2, 3))
            if direction > 0:
                distance = distance + direction * turned.sum()
            total = total + weight * distance
            if lpips > 0:
                total = total + lpips * (turned * network.heads[layer]).sum()
    return total


def _shrunk(picture: Tensor, scale: int) -> Tensor:
    return picture if scale == 1 else F.avg_pool2d(picture, scale)
