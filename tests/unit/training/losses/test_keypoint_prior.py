"""The keypoint prior (eq. 5), worked by hand."""

import pytest
import torch

from models.training.losses.keypoint_prior import keypoint_prior_loss


def test_close_pairs_count_twice_and_far_pairs_not() -> None:
    # 1 and 2 are 0.2 apart (0.04 squared: 0.06 below D_t), 3 is far from both; mean z is 0.33.
    points = torch.tensor([[[0.0, 0.0, 0.33], [0.2, 0.0, 0.33], [0.9, 0.9, 0.33]]])
    assert keypoint_prior_loss(points).item() == pytest.approx(2 * 0.06, abs=1e-6)


def test_the_mean_depth_is_drawn_to_a_third() -> None:
    points = torch.tensor([[[-0.9, 0.0, 0.0], [0.9, 0.0, 0.1]]])
    assert keypoint_prior_loss(points).item() == pytest.approx(0.33 - 0.05, abs=1e-6)


def test_without_a_distance_only_the_depth_counts() -> None:
    points = torch.zeros(2, 5, 3)
    assert keypoint_prior_loss(points, distance=0).item() == pytest.approx(0.33)


def test_equal_points_are_driven_apart() -> None:
    points = torch.tensor([[[0.0, 0.0, 0.33], [0.01, 0.0, 0.33]]], requires_grad=True)
    torch.autograd.backward(keypoint_prior_loss(points))
    assert points.grad is not None
    assert points.grad[0, 0, 0] > 0 > points.grad[0, 1, 0]  # a step against it parts them
