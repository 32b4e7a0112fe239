"""Faces cut out of pictures."""

import math

import pytest
import torch

from models.training.losses.face_crop import detail_boxes, face_boxes, face_crops


def test_a_box_is_the_landmarks_square_widened_by_thirty_percent() -> None:
    landmarks = torch.zeros(1, 68, 2)
    landmarks[0, 0], landmarks[0, 1] = torch.tensor([-0.2, -0.1]), torch.tensor([0.6, 0.3])
    assert face_boxes(landmarks)[0].tolist() == pytest.approx([0.2, 0.1, 0.4 * 1.3])


def test_a_crop_shows_the_box_at_its_own_resolution() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    quarter = torch.tensor([[0.5, -0.5, 0.5]])  # upper right
    assert torch.allclose(face_crops(picture, quarter, 4), picture[..., :4, 4:], atol=1e-6)


def test_without_landmarks_it_is_the_whole_picture() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    boxes = face_boxes(torch.full((1, 68, 2), math.nan))
    assert torch.allclose(face_crops(picture, boxes, 8), picture, atol=1e-6)


def test_details_are_the_eyes_and_the_mouth() -> None:
    landmarks = torch.zeros(1, 68, 2)
    landmarks[0, 36:42] = torch.tensor([-0.3, -0.2])
    landmarks[0, 36, 0], landmarks[0, 39, 0] = -0.4, -0.2
    landmarks[0, 42:48] = torch.tensor([0.3, -0.2])
    landmarks[0, 48:68] = torch.tensor([0.0, 0.4])
    landmarks[0, 51, 1], landmarks[0, 57, 1] = 0.3, 0.5
    left, right, mouth = detail_boxes(landmarks)[:, 0].tolist()
    assert left == pytest.approx([-0.3, -0.2, 0.1 * 1.8])
    assert right == pytest.approx([0.3, -0.2, 0.0])
    assert mouth == pytest.approx([0.0, 0.4, 0.1 * 1.4])
