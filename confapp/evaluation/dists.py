"""DISTS: how alike structure and texture of two pictures are (Ding et al., PAMI 2022)."""

import pickle
from itertools import accumulate
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Conv2d

from confapp.errors import ConfappError
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.pixel_metrics import plane
from confapp.media.video_frame import RgbImage
from models.training.losses.feature_network import VGG16_BLOCKS, FeatureNetwork

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
ENDS = [end - 1 for end in accumulate(VGG16_BLOCKS)]  # last convolution of each block
PICTURE_CHANNELS = 3
UNUSABLE = (RuntimeError, KeyError, TypeError, AttributeError, EOFError, pickle.UnpicklingError)
STABLE = 1e-6  # c1 and c2 of the paper's equations 6 and 7
POOL_FLOOR = 1e-12  # under the root, of the public implementation
# A Hann window of 5 without its zeros, both ways, of sum 1.
_HANN = torch.tensor([0.5, 1.0, 0.5])
POOL = torch.outer(_HANN, _HANN) / _HANN.sum() ** 2

Features = list[Tensor]


class Dists:
    """The metric over VGG16 with L2 pooling in place of the maximum.

    Args:
        network: VGG16 as LPIPS takes it, ``features.N.*``.
        weights: ``weights.pt`` of the package DISTS-pytorch: ``alpha`` and ``beta``.

    Raises:
        ConfappError: `network-not-found`, or `dists-unusable`.
    """

    def __init__(self, network: Path, weights: Path) -> None:
        self.network = HelperNetwork.of("DISTS (VGG16)", weights)
        self._vgg = FeatureNetwork.load(network, LAYERS)
        self._convolutions = [
            layer for layer in self._vgg.convolutions if isinstance(layer, Conv2d)
        ]
        try:
            loaded = torch.load(weights, map_location="cpu", weights_only=True)
            alpha, beta = (loaded[name].detach().float().flatten() for name in ("alpha", "beta"))
            total = alpha.sum() + beta.sum()
            widths = [PICTURE_CHANNELS, *(self._convolutions[end].out_channels for end in ENDS)]
            self._alpha = (alpha / total).split(widths)
            self._beta = (beta / total).split(widths)
        except UNUSABLE as error:
            raise ConfappError(
                "dists-unusable",
                f"{weights} is no weights.pt of DISTS-pytorch for this VGG16 ({error}).",
            ) from error

    @torch.inference_mode()
    def features(self, picture: RgbImage) -> Features:
        """The picture itself and five layers."""
        x = plane(picture)
        features = [x]
        x = (x - self._vgg.mean) / self._vgg.deviation
        for place, convolution in enumerate(self._convolutions):
            if place - 1 in ENDS:
                x = _pooled(x)
            x = F.relu(convolution(x))
            if place in ENDS:
                features.append(x)
        return features

    @torch.inference_mode()
    def distance(self, one: Features, other: Features) -> float:
        """0 for the same picture, towards 1 for two that have nothing in common."""
        alike = torch.zeros(())
        for a, b, alpha, beta in zip(one, other, self._alpha, self._beta, strict=True):
            mean, other_mean = _mean(a), _mean(b)
            texture = (2 * mean * other_mean + STABLE) / (mean**2 + other_mean**2 + STABLE)
            a, b = a - mean[:, None, None], b - other_mean[:, None, None]  # noqa: PLW2901
            structure = (2 * _mean(a * b) + STABLE) / (_mean(a**2) + _mean(b**2) + STABLE)
            alike = alike + alpha @ texture + beta @ structure
        return 1 - float(alike)


def _mean(x: Tensor) -> Tensor:
    """(1, C, H, W) -> (C,)."""
    return x.mean((0, 2, 3))


def _pooled(x: Tensor) -> Tensor:
    """L2 pooling to half the size: the root of the windowed mean of squares."""
    channels = x.shape[1]
    window = POOL.expand(channels, 1, -1, -1)
    return (F.conv2d(x**2, window, stride=2, padding=1, groups=channels) + POOL_FLOOR).sqrt()
