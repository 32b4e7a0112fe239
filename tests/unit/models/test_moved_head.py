"""A head that is moved."""

import numpy as np
import pytest
from numpy.typing import NDArray

from confapp.motion_frame import MotionFrame
from models.head_rotation import matrix_of, turn_between
from models.moved_head import moved_head

CANONICAL = np.random.default_rng(0).uniform(-0.5, 0.5, (7, 3))


def frame(*angles: float, keypoints: int = 7) -> MotionFrame:
    deformations = np.random.default_rng(1).normal(0, 0.05, (keypoints, 3))
    return MotionFrame.of(angles, [0.1, -0.05, 0.02], deformations, 120)


def keypoints(motion: MotionFrame) -> NDArray[np.float64]:
    """Eq. 1 and 2."""
    placed = CANONICAL @ matrix_of(motion.rotation).T
    return placed + motion.translation + motion.deformations


def test_the_head_turns_and_its_keypoints_stay() -> None:
    motion, turn = frame(20, -5, 3), np.array([0.1, -0.2, 0.05])
    other = moved_head(motion, CANONICAL, [*turn, 0, 0, 0])
    assert turn_between(motion.rotation, other.rotation) == pytest.approx(turn, abs=5e-4)
    assert keypoints(other) == pytest.approx(keypoints(motion), abs=1e-3)
    assert other.timestamp_ms == motion.timestamp_ms


def test_the_head_shifts_and_grows_from_its_middle() -> None:
    motion = frame(20, -5, 3)
    other = moved_head(motion, CANONICAL, [0, 0, 0, 0.125, -0.25, np.log(1.5)])
    assert turn_between(motion.rotation, other.rotation) == pytest.approx(np.zeros(3), abs=5e-4)
    before, after = keypoints(motion), keypoints(other)
    assert after.mean(0) - before.mean(0) == pytest.approx([0.125, -0.25, 0], abs=1e-3)
    assert after - after.mean(0) == pytest.approx(1.5 * (before - before.mean(0)), abs=1e-3)
    # What moves the whole head is in the translation, and deformations hold the expression.
    assert other.translation - motion.translation == pytest.approx([0.125, -0.25, 0], abs=0.01)


def test_no_move_changes_nothing() -> None:
    motion = frame(20, -5, 3)
    assert moved_head(motion, CANONICAL, np.zeros(6)).numbers() == pytest.approx(
        motion.numbers(), abs=1e-2
    )


def test_keypoints_that_did_not_travel_cannot_be_moved() -> None:
    with pytest.raises(ValueError, match="5 keypoints, the model 7"):
        moved_head(frame(0, 0, 0, keypoints=5), CANONICAL, np.zeros(6))
