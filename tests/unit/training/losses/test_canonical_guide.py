"""The canonical guide, worked by hand."""

import math

import pytest
import torch
from torch import Tensor

from models.facial_landmarks import GUIDES
from models.training.losses.canonical_guide import (
    ACROSS,
    FRONTAL_FACE,
    canonical_guide_loss,
)
from models.training.losses.landmark_guide import WING_CURVATURE, WING_WIDTH

ONE = WING_WIDTH * math.log(2)  # the wing loss of an error of its curvature


def face(scale: float) -> Tensor:
    """(1, 20, 3): a frontal face and two keypoints that are not guided."""
    return torch.cat([torch.tensor([FRONTAL_FACE]) * scale, torch.full((1, 2, 3), 0.3)], dim=1)


def test_there_is_a_place_for_each_guided_keypoint() -> None:
    assert len(FRONTAL_FACE) == len(GUIDES)
    assert [GUIDES[corner] for corner in ACROSS[0]] == [(36,), (45,)]
    left, right = (torch.tensor(FRONTAL_FACE[corner]) for corner in ACROSS[0])
    assert (right - left).norm().item() == pytest.approx(1)


@pytest.mark.parametrize("scale", [0.3, 0.6])
@pytest.mark.parametrize("keypoints", [20, 15, 10])
def test_a_frontal_face_of_any_size_costs_nothing(scale: float, keypoints: int) -> None:
    assert canonical_guide_loss(face(scale)[:, :keypoints]).item() == pytest.approx(0, abs=1e-6)


def test_depth_counts_for_each_keypoint_and_place_for_all_together() -> None:
    deeper = face(0.5)
    deeper[0, 0, 2] += WING_CURVATURE
    assert canonical_guide_loss(deeper).item() == pytest.approx(ONE / len(GUIDES), rel=1e-3)
    beside = face(0.5)
    beside[..., 0] += WING_CURVATURE
    assert canonical_guide_loss(beside).item() == pytest.approx(ONE / 2, rel=1e-3)


def test_a_persons_own_features_are_free() -> None:
    person = face(0.5)
    person[0, 4, 0] -= 0.02  # a wide mouth
    person[0, 5, 0] += 0.02
    assert canonical_guide_loss(person).item() == pytest.approx(0, abs=1e-6)
