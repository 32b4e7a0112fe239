"""LPIPS: distance of VGG16 features, weighted as people judge (Zhang et al., CVPR 2018)."""

from pathlib import Path

import torch
from torch import Tensor

from confapp.errors import ConfappError
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.pixel_metrics import plane
from confapp.media.video_frame import RgbImage
from models.training.losses.feature_network import LPIPS_LAYERS, FeatureNetwork

EPSILON = 1e-10  # of the reference implementation, version 0.1

Features = list[Tensor]


class Lpips:
    """The metric over one file: ``features.N.*`` of VGG16 and the heads ``lin0..4.weight``.

    The reference scales pictures in [-1, 1] by a shift and a scale that are, over [0, 1],
    ImageNet's mean and deviation: those of `FeatureNetwork`.

    Raises:
        ConfappError: `network-not-found`, or `lpips-unusable` where weights are missing.
    """

    def __init__(self, path: Path) -> None:
        self.network = HelperNetwork.of("LPIPS v0.1 (VGG16)", path)
        features = FeatureNetwork.load(path, LPIPS_LAYERS)
        if len(features.heads) < len(LPIPS_LAYERS):
            raise ConfappError(
                "lpips-unusable",
                f"{path} lacks heads of LPIPS, which are lin0.weight to lin4.weight.",
            )
        self._features = features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def features(self, picture: RgbImage) -> Features:
        """Five layers of one picture, each place scaled to length 1 over the channels."""
        return [_unit(layer) for layer in self._features(plane(picture))]

    @torch.inference_mode()
    def distance(self, one: Features, other: Features) -> float:
        """0 for the same picture, about 0.7 for two that have nothing in common."""
        pairs = zip(one, other, self._features.heads.values(), strict=True)
        return sum(float((a - b).square().mean((0, 2, 3)) @ head) for a, b, head in pairs)


def _unit(layer: Tensor) -> Tensor:
    return layer / (layer.square().sum(1, keepdim=True).sqrt() + EPSILON)
