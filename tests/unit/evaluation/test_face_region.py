"""The face's rectangle and square, by hand."""

import numpy as np
import pytest
from tiny_perception import face_points

from confapp.evaluation.face_region import FacePlace, FaceRegion, Points, eye_centres


def box(left: float, top: float, right: float, bottom: float) -> Points:
    corners = np.array([[left, top], [right, bottom]], np.float64)
    return np.concatenate([corners, np.repeat(corners[:1], 66, axis=0)])


def test_box_is_widened_by_30_percent() -> None:
    region = FaceRegion.around(box(100, 80, 200, 180), 256)
    assert region == FaceRegion(85, 65, 215, 195)


def test_box_is_cut_at_the_border_and_never_too_small() -> None:
    assert FaceRegion.around(box(-40, 100, 60, 250), 256).left == 0
    assert FaceRegion.around(box(-40, 100, 60, 250), 256).bottom == 256
    outside = FaceRegion.around(box(300, 300, 310, 310), 256)
    assert outside == FaceRegion(224, 224, 256, 256)


def test_cut_takes_rows_by_y() -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[65:195, 85:215] = 9
    assert (FaceRegion(85, 65, 215, 195).cut(picture) == 9).all()


def test_place_of_an_upright_face() -> None:
    points = face_points(40, 30, 20)
    place = FacePlace.of_landmarks(points)
    assert place.side == pytest.approx(20)
    assert place.roll == pytest.approx(0)
    assert place.x == pytest.approx(40)


def test_place_follows_a_turn() -> None:
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = FacePlace.of_landmarks(face_points(0, 0, 20))
    turned = FacePlace.of_landmarks(face_points(0, 0, 20) @ turn.T)
    assert turned.roll == pytest.approx(angle)
    assert turned.side == pytest.approx(upright.side)
    assert (turned.x, turned.y) == pytest.approx(tuple(turn @ (upright.x, upright.y)))


def test_eye_centres() -> None:
    left, right = eye_centres(face_points(0, 0, 20))
    assert left == pytest.approx([-4, -3])
    assert right == pytest.approx([4, -3])
