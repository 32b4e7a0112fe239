"""Weights of picture regions: 5 at eyes and mouth, 1 elsewhere."""

import math

import pytest
import torch
from torch import Tensor

from models.training.losses.region_weight import (
    EYE_WEIGHT,
    MOUTH_WEIGHT,
    picture_loss,
    region_weights,
)

SIZE = 64


def face() -> Tensor:
    """Eyes at (-0.4, -0.3) and (0.4, -0.3), 0.2 wide; a mouth at (0, 0.5), 0.4 wide."""
    landmarks = torch.zeros(1, 68, 2)
    for first, last, centre, width in (
        (36, 42, (-0.4, -0.3), 0.2),
        (42, 48, (0.4, -0.3), 0.2),
        (48, 68, (0.0, 0.5), 0.4),
    ):
        count = last - first
        turn = torch.arange(count) / count * 2 * math.pi
        ring = torch.stack([turn.cos(), turn.sin()], dim=1) * width / 2
        landmarks[0, first:last] = ring + torch.tensor(centre)
    return landmarks


def at(weights: Tensor, x: float, y: float) -> float:
    return weights[0, 0, int((y + 1) / 2 * SIZE), int((x + 1) / 2 * SIZE)].item()


def test_eyes_and_mouth_weigh_more_than_the_rest() -> None:
    weights = region_weights(face(), SIZE)
    assert weights.shape == (1, 1, SIZE, SIZE)
    assert at(weights, -0.4, -0.3) == pytest.approx(EYE_WEIGHT, abs=0.05)
    assert at(weights, 0.4, -0.3) == pytest.approx(EYE_WEIGHT, abs=0.05)
    assert at(weights, 0.0, 0.5) == pytest.approx(MOUTH_WEIGHT, abs=0.05)
    assert at(weights, -0.95, 0.95) == pytest.approx(1, abs=0.01)
    assert weights.min() >= 1


def test_a_picture_without_landmarks_weighs_one_everywhere() -> None:
    weights = region_weights(torch.full((1, 68, 2), math.nan), SIZE)
    assert torch.equal(weights, torch.ones(1, 1, SIZE, SIZE))


def test_the_picture_loss_is_the_weighted_mean_error() -> None:
    weights = torch.ones(1, 1, 2, 2)
    weights[..., 0, 0] = 4
    rendering = torch.zeros(1, 3, 2, 2)
    target = torch.zeros(1, 3, 2, 2)
    target[..., 0, 0], target[..., 1, 1] = 0.5, -0.1
    assert picture_loss(rendering, target, weights).item() == pytest.approx((4 * 0.5 + 0.1) / 4)
