"""The stillest stretch, and flicker over it worked by hand."""

import numpy as np
import pytest
from tiny_perception import face_points

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import FaceRegion
from confapp.evaluation.smoothness import STRETCH, Smoothness, SmoothnessMeter, StillStretch
from confapp.media.video_frame import RgbImage

SIDE = 64


def clip(places: list[float], numbers: list[int] | None = None) -> EvaluationClip:
    """A face that stands at these places, in black pictures."""
    frames = [np.zeros((SIDE, SIDE, 3), np.uint8)] * len(places)
    landmarks = np.stack([face_points(x, 32, 20) for x in places])
    known = np.arange(len(places)) if numbers is None else np.array(numbers)
    return EvaluationClip("clip", "person", frames, landmarks, known)


def walk(steps: list[float]) -> list[float]:
    return [20.0, *(20 + np.cumsum(steps))]


def test_stretch_is_where_landmarks_move_least() -> None:
    steps = [0.2] * 80
    steps[40 : 40 + STRETCH - 1] = [0.05] * (STRETCH - 1)  # from frame 40 to frame 64
    stretch = StillStretch.of(clip(walk(steps)))
    assert stretch is not None
    assert stretch.start == 40
    assert stretch.moved == pytest.approx(0.05 * 256 / SIDE)
    assert 40 in stretch
    assert 64 in stretch
    assert 39 not in stretch
    assert 65 not in stretch


def test_region_holds_the_face_of_the_whole_stretch() -> None:
    moving = clip(walk([0.5] * 30))
    stretch = StillStretch.of(moving)
    assert stretch is not None
    points = moving.landmarks[stretch.start : stretch.start + STRETCH].reshape(-1, 2)
    assert stretch.region == FaceRegion.around(points, SIDE)


def test_the_source_is_no_driver() -> None:
    still_at_first = [0.0] * (STRETCH - 1) + [0.5]
    stretch = StillStretch.of(clip(walk(still_at_first)))
    assert stretch is not None
    assert stretch.start == 1
    assert StillStretch.of(clip(walk([0.0] * (STRETCH - 1)))) is None


def test_a_gap_is_no_stretch() -> None:
    numbers = list(range(2 * STRETCH))
    gap = [number + (number >= STRETCH) for number in numbers]
    stretch = StillStretch.of(clip([20.0] * 2 * STRETCH, gap))
    assert stretch is not None
    assert stretch.start == STRETCH
    assert StillStretch.of(clip([20.0] * 2 * STRETCH, [2 * number for number in numbers])) is None


def grey(level: int) -> RgbImage:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def measured(renderings: list[RgbImage], drivers: list[RgbImage]) -> Smoothness:
    meter = SmoothnessMeter(StillStretch(0, 0.0, FaceRegion(16, 16, 48, 48)))
    for index, (rendering, driver) in enumerate(zip(renderings, drivers, strict=True)):
        meter.add(index, rendering, driver)
    return meter.smoothness()


def test_flicker_by_hand() -> None:
    found = measured([grey(10), grey(16), grey(7)], [grey(250), grey(252), grey(251)])
    assert found.rendering == pytest.approx((6 + 9) / 2)
    assert found.driver == pytest.approx((2 + 1) / 2)
    assert found.ratio == pytest.approx(5)


def test_what_flickers_outside_the_face_does_not_count() -> None:
    restless = grey(10)
    restless[:16] = 255
    restless[:, 48:] = 255
    found = measured([grey(10), restless, grey(10)], [grey(1), grey(2), grey(1)])
    assert found.rendering == 0
    assert found.ratio == 0


def test_an_input_that_stands_still_has_no_ratio() -> None:
    assert measured([grey(1), grey(2)], [grey(5), grey(5)]).ratio is None


def test_frames_outside_the_stretch_are_passed_over() -> None:
    meter = SmoothnessMeter(StillStretch(1, 0.0, FaceRegion(16, 16, 48, 48)))
    levels = [0, 100, 101, *[101] * (STRETCH - 2), 0]
    for index, level in enumerate(levels):
        meter.add(index, grey(level), grey(level))
    assert meter.smoothness().rendering == pytest.approx(1 / (STRETCH - 1))
    assert meter.smoothness().ratio == 1
