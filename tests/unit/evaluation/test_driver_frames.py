"""Frames that show the most, and clips that do."""

import numpy as np
from tiny_perception import face_points

from confapp.evaluation.driver_frames import spread_frames, variety
from confapp.evaluation.face_region import Points


def face(mouth: float = 0.0, lean: float = 0.0, x: float = 32.0, size: float = 24.0) -> Points:
    """A face whose lower lip hangs, and whose lower half is shifted."""
    points = face_points()
    points[66] += (0, mouth)
    points[points[:, 1] > 34] += (lean, 0)
    return (points - 32) * (size / 24) + (x, 32)


def test_the_furthest_are_taken_in_order() -> None:
    landmarks = np.stack(
        [face(), face(mouth=0.2), face(mouth=6), face(lean=0.3), face(lean=-8), face(lean=8)]
    )
    assert spread_frames(landmarks, 4) == [0, 2, 4, 5]


def test_place_and_size_in_the_picture_make_no_difference() -> None:
    landmarks = np.stack([face(), face(x=45), face(size=40), face(mouth=2)])
    assert spread_frames(landmarks, 2) == [0, 3]


def test_few_frames_are_all_taken() -> None:
    assert spread_frames(np.stack([face(), face()]), 8) == [0, 1]


def test_evenly_spread_where_nothing_tells_them_apart() -> None:
    assert spread_frames(np.full((9, 68, 2), np.nan), 3) == [0, 4, 8]
    assert spread_frames(np.stack([face()] * 9), 3) == [0, 4, 8]


def test_variety_is_the_mean_distance_to_the_nearest() -> None:
    lively = np.stack([face(), face(mouth=6), face(lean=8)])
    calm = np.stack([face(), face(mouth=1), face(lean=1)])
    assert variety(lively, [0, 1, 2]) > variety(calm, [0, 1, 2]) > 0
    assert variety(lively, [0]) == 0
    assert variety(np.full((3, 68, 2), np.nan), [0, 1, 2]) == 0
