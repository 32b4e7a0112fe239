"""The equivariance loss and its transform: algebra by hand, and a dot that is followed."""

import math

import pytest
import torch

from models.geometry import plane_grid
from models.training.losses.equivariance import (
    CONTROL_POINTS_A_SIDE,
    PlaneTransform,
    equivariance_loss,
)

NO_SPLINE = torch.zeros(1, CONTROL_POINTS_A_SIDE**2, 2)
SHIFT_AND_DOUBLE = torch.tensor([[[2.0, 0.0, 0.1], [0.0, 2.0, -0.2]]])


def test_an_affine_transform_moves_points_as_its_matrix_says() -> None:
    transform = PlaneTransform(SHIFT_AND_DOUBLE, NO_SPLINE)
    moved = transform.move(torch.tensor([[[0.25, -0.5]]]))
    assert moved.flatten().tolist() == pytest.approx([0.6, -1.2])


def test_a_spline_bends_by_r_squared_log_r_around_its_control_point() -> None:
    spline = NO_SPLINE.clone()
    centre = CONTROL_POINTS_A_SIDE**2 // 2  # (0, 0)
    spline[0, centre] = torch.tensor([1.0, -2.0])
    transform = PlaneTransform(torch.eye(2, 3)[None], spline)
    moved = transform.move(torch.tensor([[[0.3, 0.4], [0.0, 0.0]]]))
    bend = 0.25 * math.log(0.5)
    assert moved[0, 0].tolist() == pytest.approx([0.3 + bend, 0.4 - 2 * bend])
    assert moved[0, 1].tolist() == pytest.approx([0.0, 0.0], abs=1e-9)


def test_the_loss_is_zero_for_keypoints_that_move_with_the_picture() -> None:
    transform = PlaneTransform(SHIFT_AND_DOUBLE, NO_SPLINE)
    warped = torch.tensor([[[0.25, -0.5, 7.0]]])
    points = torch.tensor([[[0.6, -1.2, -3.0]]])  # z is dropped
    assert equivariance_loss(points, warped, transform).item() == pytest.approx(0, abs=1e-6)
    off = points + torch.tensor([0.1, -0.3, 5.0])
    assert equivariance_loss(off, warped, transform).item() == pytest.approx(0.2, abs=1e-6)


def test_a_dot_of_the_picture_is_found_where_the_transform_takes_it_from() -> None:
    size = 64
    grid = plane_grid(size, torch.device("cpu"))
    dot = torch.tensor([0.3, -0.2])
    picture = torch.exp(-(grid - dot).square().sum(-1) / 0.005)[None, None]
    transform = PlaneTransform.draw(1, torch.Generator().manual_seed(3))
    warped = transform.warp(picture)[0, 0]
    place = (warped[..., None] * grid).sum((0, 1)) / warped.sum()
    found = torch.cat([place, torch.zeros(1)]).view(1, 1, 3)
    expected = torch.cat([dot, torch.zeros(1)]).view(1, 1, 3)
    assert equivariance_loss(expected, found, transform).item() < 0.01
    assert (place - dot).abs().max() > 0.02  # the transform did move it


def test_a_draw_is_near_the_identity_and_the_same_for_the_same_seed() -> None:
    one = PlaneTransform.draw(64, torch.Generator().manual_seed(1))
    again = PlaneTransform.draw(64, torch.Generator().manual_seed(1))
    assert torch.equal(one.affine, again.affine)
    assert torch.equal(one.spline, again.spline)
    grid = plane_grid(8, torch.device("cpu")).view(1, -1, 2).expand(64, -1, 2)
    moved = (one.move(grid) - grid).abs().mean().item()
    assert 0.02 < moved < 0.2
