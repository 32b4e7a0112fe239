"""The landmark guide: which keypoint goes where, and the wing loss by hand."""

import math

import pytest
import torch
from torch import Tensor

from models.facial_landmarks import GUIDES
from models.training.losses.landmark_guide import (
    OPENINGS,
    WING_CURVATURE,
    WING_WIDTH,
    guide_targets,
    landmark_guide_loss,
    landmark_loss,
    wing,
)

KEYPOINTS = 20


def face() -> Tensor:
    """(1, 68, 2) landmarks, all different."""
    return torch.rand(1, 68, 2, generator=torch.Generator().manual_seed(0)) - 0.5


def at_targets(landmarks: Tensor) -> Tensor:
    points = torch.zeros(1, KEYPOINTS, 3)
    points[:, : len(GUIDES), :2] = guide_targets(landmarks)
    return points


def test_wing_is_steep_near_zero_and_straight_far_away() -> None:
    errors = torch.tensor([0.0, WING_CURVATURE, WING_WIDTH, -1.0])
    at_width = WING_WIDTH * math.log(1 + WING_WIDTH / WING_CURVATURE)
    expected = [0.0, WING_WIDTH * math.log(2), at_width, at_width + 1 - WING_WIDTH]
    assert wing(errors).tolist() == pytest.approx(expected, rel=1e-5)


def test_eighteen_keypoints_have_landmarks_lips_and_lids_first() -> None:
    assert len(GUIDES) == 18
    first = {point for guide in GUIDES[:8] for point in guide}
    assert first == {62, 66, 48, 54, 37, 38, 43, 44, 40, 41, 46, 47}


def test_a_lid_is_the_mean_of_its_two_landmarks() -> None:
    landmarks = face()
    expected = (landmarks[0, 37] + landmarks[0, 38]) / 2
    assert guide_targets(landmarks)[0, 2].tolist() == pytest.approx(expected.tolist())


def test_keypoints_in_place_cost_nothing_wherever_depth_and_free_ones_are() -> None:
    points = at_targets(face())
    points[..., 2] = 0.7
    points[:, len(GUIDES) :] = 0.9
    assert landmark_guide_loss(points, face()).item() == pytest.approx(0, abs=1e-7)


def test_a_shift_of_all_costs_its_wing_and_leaves_the_openings() -> None:
    points = at_targets(face())
    points[..., 0] += WING_CURVATURE
    # x is off in every keypoint, y in none; no distance between keypoints changed.
    assert landmark_guide_loss(points, face()).item() == pytest.approx(
        WING_WIDTH * math.log(2) / 2, rel=1e-4
    )


def test_a_mouth_that_stays_shut_costs_its_opening_too() -> None:
    points = at_targets(face())
    points[0, 1, 1] += WING_CURVATURE  # the lower lip in y
    place = WING_WIDTH * math.log(2) / (len(GUIDES) * 2)
    opening = WING_WIDTH * math.log(2) / (len(OPENINGS) * 2)
    assert landmark_guide_loss(points, face()).item() == pytest.approx(place + opening, rel=1e-4)


def test_pictures_without_landmarks_add_neither_loss_nor_gradient() -> None:
    points = torch.zeros(2, KEYPOINTS, 3, requires_grad=True)
    landmarks = torch.cat([face(), torch.full((1, 68, 2), math.nan)])
    loss = landmark_guide_loss(points, landmarks)
    torch.autograd.backward(loss)
    alone = landmark_guide_loss(torch.zeros(1, KEYPOINTS, 3), face())
    assert loss.item() == pytest.approx(alone.item() / 2, rel=1e-5)
    assert points.grad is not None
    assert points.grad[1].abs().max() == 0
    assert points.grad[0].abs().max() > 0


def test_a_model_with_few_keypoints_has_the_first_guided() -> None:
    points = at_targets(face())[:, :1]
    assert landmark_guide_loss(points, face()).item() == pytest.approx(0, abs=1e-7)


def test_found_landmarks_cost_their_wing_and_unlabelled_ones_nothing() -> None:
    labels = torch.cat([face(), torch.full((1, 68, 2), math.nan)])
    found = labels.nan_to_num(0.3)
    assert landmark_loss(found, labels).item() == pytest.approx(0, abs=1e-7)
    found[:, :34, 0] += WING_CURVATURE  # half the points, x alone, and one picture has no label
    expected = WING_WIDTH * math.log(2) / 2 / 2 / 2
    assert landmark_loss(found, labels).item() == pytest.approx(expected, rel=1e-4)
