"""Hinge and feature matching, worked by hand."""

import pytest
import torch
from torch import Tensor

from models.training.losses.adversarial import (
    Verdict,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)


def scores(*numbers: float) -> Tensor:
    return torch.tensor(numbers).view(1, 1, 1, -1)


def test_the_discriminator_is_asked_for_a_margin_of_one() -> None:
    real: Verdict = [(scores(2.0, 0.5), [])]  # max(0, 1 - s): 0, 0.5
    fake: Verdict = [(scores(-3.0, 0.5), [])]  # max(0, 1 + s): 0, 1.5
    assert discriminator_loss(real, fake).item() == pytest.approx(0.25 + 0.75)


def test_scales_are_averaged() -> None:
    real: Verdict = [(scores(1.0), []), (scores(0.0), [])]
    fake: Verdict = [(scores(-1.0), []), (scores(-1.0), [])]
    assert discriminator_loss(real, fake).item() == pytest.approx(0.5)
    assert generator_loss([(scores(1.0, 3.0), []), (scores(-1.0), [])]).item() == pytest.approx(
        (-2 + 1) / 2
    )


def test_feature_matching_is_the_mean_distance_of_the_layers() -> None:
    real = [(scores(0), [torch.zeros(1, 2, 2, 2), torch.ones(1, 4, 1, 1)])]
    fake = [(scores(0), [torch.full((1, 2, 2, 2), 0.5), torch.full((1, 4, 1, 1), 3.0)])]
    assert feature_matching_loss(real, fake).item() == pytest.approx((0.5 + 2.0) / 2)


def test_feature_matching_moves_the_rendering_and_not_the_truth() -> None:
    truth = torch.zeros(1, 1, 1, 1, requires_grad=True)
    rendering = torch.ones(1, 1, 1, 1, requires_grad=True)
    torch.autograd.backward(
        feature_matching_loss([(scores(0), [truth])], [(scores(0), [rendering])])
    )
    assert truth.grad is None
    assert rendering.grad is not None
