"""The average of the weights."""

import pytest
import torch
from torch import nn

from models.blocks import add_spectral_norm
from models.training.weight_average import WeightAverage


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1))


def value(of: nn.Module, name: str) -> float:
    return float(of.state_dict()[name])


def test_weights_and_statistics_move_towards_the_latest() -> None:
    latest = network()
    average = WeightAverage(latest, 0.75)
    first = value(latest, "0.weight")
    with torch.no_grad():
        latest.get_parameter("0.weight").add_(1)
        latest.get_buffer("1.running_mean").fill_(8)
    average.update(latest, step=10_000)
    assert value(average.network, "0.weight") == pytest.approx(first + 0.25)
    assert value(average.network, "1.running_mean") == pytest.approx(2)


def test_the_first_steps_count_more() -> None:
    latest = network()
    average = WeightAverage(latest, 0.999)
    first = value(latest, "0.weight")
    with torch.no_grad():
        latest.get_parameter("0.weight").add_(1)
    average.update(latest, step=0)
    assert value(average.network, "0.weight") == pytest.approx(first + 0.9)


def test_the_average_does_not_train() -> None:
    latest = network()
    average = WeightAverage(latest, 0.999)
    assert not average.network.training
    assert latest.training
    assert not any(weight.requires_grad for weight in average.network.parameters())


def test_counters_and_spectral_vectors_are_the_latest() -> None:
    latest = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3))
    add_spectral_norm(latest)
    average = WeightAverage(latest, 0.999)
    for _ in range(3):
        latest(torch.randn(2, 3, 8, 8))
    average.update(latest, step=10_000)
    copied = dict(average.network.named_buffers())
    for name, buffer in latest.named_buffers():
        if "running" not in name:
            assert torch.equal(copied[name], buffer), name
