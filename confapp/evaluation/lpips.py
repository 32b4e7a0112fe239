"""LPIPS: distance of VGG16 features, weighted as people judge (Zhang et al., CVPR 2018)."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from confapp.errors import ConfappError
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.pixel_metrics import plane
from confapp.media.video_frame import RgbImage
from models.training.losses.feature_network import FeatureNetwork

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
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
        features = FeatureNetwork.load(path, LAYERS)
        self._features = features.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        try:
            with safe_open(path, framework="pt") as file:
                heads = [file.get_tensor(f"lin{i}.weight").float() for i in range(len(LAYERS))]
        except SafetensorError as error:
            raise ConfappError(
                "lpips-unusable",
                f"{path} lacks the heads of LPIPS, lin0.weight to lin4.weight ({error}).",
            ) from error
        self._heads = [head.flatten() for head in heads]

    @torch.inference_mode()
    def features(self, picture: RgbImage) -> Features:
        """Five layers of one picture, each place scaled to length 1 over the channels."""
        return [_unit(layer) for layer in self._features(plane(picture))]

    @torch.inference_mode()
    def distance(self, one: Features, other: Features) -> float:
        """0 for the same picture, about 0.7 for two that have nothing in common."""
        pairs = zip(one, other, self._heads, strict=True)
        return sum(float((a - b).square().mean((0, 2, 3)) @ head) for a, b, head in pairs)


def _unit(layer: Tensor) -> Tensor:
    return layer / (layer.square().sum(1, keepdim=True).sqrt() + EPSILON)
