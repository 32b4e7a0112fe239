"""The perceptual loss, worked by hand on a network that passes pictures on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_perception import lpips_file
from torch import Tensor

from confapp.evaluation.lpips import Lpips
from models.training.losses.feature_network import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    LPIPS_LAYERS,
    FeatureNetwork,
)
from models.training.losses.perceptual import perceptual_loss


def passing_network() -> FeatureNetwork:
    """relu1_1 is the normalised picture, relu1_2 twice that."""
    tensors = {}
    for place, gain in ((0, 1.0), (2, 2.0)):
        weight = torch.zeros(3, 3, 3, 3)
        weight[range(3), range(3), 1, 1] = gain
        tensors[f"features.{place}.weight"] = weight
        tensors[f"features.{place}.bias"] = torch.zeros(3)
    return FeatureNetwork("VGG16", ["relu1_1", "relu1_2"], tensors)


def brighter(picture: Tensor, normalised: float) -> Tensor:
    """Add a step that is `normalised` in every channel after normalisation."""
    return picture + normalised * torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)


def test_layers_are_weighted_and_scales_add_up() -> None:
    target = torch.full((2, 3, 16, 16), 0.6)
    rendering = brighter(target, 0.1)
    one_scale = perceptual_loss(passing_network(), rendering, target, (3.0, 5.0), (0,))
    assert one_scale.item() == pytest.approx(3 * 0.1 + 5 * 0.2, rel=1e-4)
    three = perceptual_loss(passing_network(), rendering, target, (3.0, 5.0), (0, 1, 2))
    assert three.item() == pytest.approx(3 * one_scale.item(), rel=1e-4)


def test_direction_is_the_squared_distance_of_unit_features() -> None:
    """Features along one axis against the same along another: 2; a longer one: nothing."""
    unit = torch.eye(3).view(3, 3, 1, 1)
    grey = torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    red, green = (grey + n * torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1) for n in unit[:2])
    longer = grey + 2 * (red - grey)
    network = passing_network()

    def turned(rendering: Tensor) -> float:
        plain, both = (
            perceptual_loss(network, rendering, red, (1.0, 0.0), (0,), direction=direction)
            for direction in (0.0, 1.0)
        )
        return (both - plain).item()

    assert turned(green) == pytest.approx(2, rel=1e-4)
    assert turned(longer) == pytest.approx(0, abs=1e-6)


def test_lpips_is_what_the_metric_says(tmp_path: Path) -> None:
    path = lpips_file(tmp_path / "lpips.safetensors")
    one, other = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3)).astype(np.uint8)
    metric = Lpips(path)
    network = FeatureNetwork.load(path, LPIPS_LAYERS)
    x, y = (torch.from_numpy(picture).permute(2, 0, 1)[None] / 255 for picture in (one, other))
    loss = perceptual_loss(network, x, y, (0.0,) * 5, (0,), lpips=3.0)
    distance = metric.distance(metric.features(one), metric.features(other))
    assert distance > 0
    assert loss.item() == pytest.approx(3 * distance, rel=1e-4)


def test_detail_that_a_halving_averages_away_counts_only_at_full_size() -> None:
    target = torch.full((1, 3, 8, 8), 0.6)
    signs = torch.ones(8, 8)
    signs[::2, ::2] = signs[1::2, 1::2] = -1
    rendering = torch.lerp(brighter(target, -0.1), brighter(target, 0.1), (signs + 1) / 2)
    network = passing_network()
    assert perceptual_loss(network, rendering, target, (1.0, 0.0), (0,)).item() == pytest.approx(
        0.1, rel=1e-4
    )
    assert perceptual_loss(network, rendering, target, (1.0, 0.0), (1,)).item() < 1e-6
