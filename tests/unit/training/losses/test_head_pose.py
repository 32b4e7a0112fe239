"""The head pose loss, worked by hand."""

import math

import pytest
import torch

from models.training.losses.head_pose import head_pose_loss


def test_angles_are_summed_in_radians() -> None:
    angles = torch.tensor([[10.0, -5.0, 0.0], [0.0, 0.0, 0.0]])
    labels = torch.tensor([[0.0, -5.0, 20.0], [0.0, 0.0, 0.0]])
    assert head_pose_loss(angles, labels).item() == pytest.approx(math.radians(30) / 2)


def test_missing_labels_add_neither_loss_nor_gradient() -> None:
    angles = torch.tensor([[10.0, 20.0, 30.0], [6.0, 0.0, 0.0]], requires_grad=True)
    labels = torch.tensor([[math.nan] * 3, [0.0, 0.0, 0.0]])
    loss = head_pose_loss(angles, labels)
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(math.radians(6) / 2)
    assert angles.grad is not None
    assert angles.grad[0].tolist() == [0, 0, 0]
    assert angles.grad[1, 0].item() == pytest.approx(math.radians(1) / 2)


def test_a_network_that_gives_nan_is_not_hidden() -> None:
    angles = torch.tensor([[math.nan, 0.0, 0.0]])
    assert head_pose_loss(angles, torch.zeros(1, 3)).isnan()
