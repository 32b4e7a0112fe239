"""The one thing that every stop passes on."""

import numpy as np
import pytest

from confapp.motion_frame import MotionFrame


def frame(keypoints: int = 2) -> MotionFrame:
    return MotionFrame.of([1, 2, 3], [4, 5, 6], np.arange(3 * keypoints).reshape(-1, 3), 40)


def test_numbers_are_rotation_translation_deformations() -> None:
    assert frame().numbers().tolist() == [1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5]


def test_numbers_round_trip() -> None:
    again = MotionFrame.from_numbers(frame().numbers(), 40)
    assert np.array_equal(again.deformations, frame().deformations)
    assert again.keypoints == 2
    assert again.timestamp_ms == 40


def test_numbers_are_rounded_to_float16() -> None:
    rounded = MotionFrame.of([0.1, 0, 0], [0, 0, 0], np.zeros((0, 3)), 0)
    assert rounded.rotation[0] == np.float16(0.1)
    assert rounded.keypoints == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="translation holds a number that is not finite"):
        MotionFrame.of([0, 0, 0], [value, 0, 0], np.zeros((1, 3)), 0)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="3 numbers each"):
        MotionFrame.of([0, 0], [0, 0, 0], np.zeros((1, 3)), 0)
    with pytest.raises(ValueError, match="K x 3"):
        MotionFrame.of([0, 0, 0], [0, 0, 0], np.zeros((1, 2)), 0)
    with pytest.raises(ValueError, match=r"3K \+ 6"):
        MotionFrame.from_numbers(np.zeros(8, np.float16), 0)
    with pytest.raises(ValueError, match="never negative"):
        MotionFrame.of([0, 0, 0], [0, 0, 0], np.zeros((1, 3)), -1)


def test_wider_numbers_must_be_rounded_first() -> None:
    with pytest.raises(TypeError, match="float16"):
        MotionFrame(np.zeros(3), np.zeros(3), np.zeros((1, 3)), 0)  # type: ignore[arg-type]
