"""Stillness and lag of the smoothing, in figures."""

import numpy as np
import pytest

from confapp.motion_frame import MotionFrame
from receiver.motion_smoothing import LONGEST_GAP_S, MotionSmoothing

FRAME_MS = 40
KEYPOINTS = 5
# The trembling of an estimate at rest: degrees, and units of half a picture.
NOISE = np.array([0.3] * 3 + [0.003] * 3 + [0.002] * 3 * KEYPOINTS)


def smoothed(numbers: np.ndarray, frame_ms: int = FRAME_MS) -> np.ndarray:
    smoothing = MotionSmoothing()
    return np.array(
        [
            smoothing.smooth(
                MotionFrame.of(row[:3], row[3:6], row[6:].reshape(-1, 3), frame_ms * index)
            ).numbers()
            for index, row in enumerate(numbers)
        ],
        dtype=np.float64,
    )


def test_at_rest_most_of_the_trembling_is_gone() -> None:
    trembling = np.random.default_rng(0).normal(0, 1, (500, NOISE.size)) * NOISE
    left = smoothed(trembling)
    steps = [np.abs(np.diff(values[50:], axis=0)).mean(0) for values in (left, trembling)]
    assert (steps[0] / steps[1]).max() < 0.36  # from frame to frame, which is what is seen
    assert (left[50:].std(0) / NOISE).max() < 0.62


@pytest.mark.parametrize(
    ("place", "speed"),
    [(0, 20.0), (0, 60.0), (3, 0.15), (6, 0.1), (6, 0.5)],
    ids=["slow turn", "turn", "sideways", "lip", "fast lip"],
)
def test_a_movement_lags_by_less_than_half_a_frame(place: int, speed: float) -> None:
    seconds = np.arange(60) * FRAME_MS / 1000
    moving = np.zeros((60, NOISE.size))
    moving[:, place] = speed * np.maximum(0, seconds - 0.4)
    lag_s = (moving[20:, place] - smoothed(moving)[20:, place]) / speed
    assert np.median(lag_s) < 0.018
    assert lag_s.max() < 0.020


def test_after_a_gap_it_begins_anew() -> None:
    smoothing = MotionSmoothing()
    still = MotionFrame.of([0] * 3, [0] * 3, np.zeros((KEYPOINTS, 3)), 0)
    later_ms = round(LONGEST_GAP_S * 1000)
    turned = MotionFrame.of([30, 0, 0], [0] * 3, np.zeros((KEYPOINTS, 3)), later_ms)
    smoothing.smooth(still)
    assert smoothing.smooth(turned) is turned


def test_another_number_of_keypoints_begins_anew() -> None:
    smoothing = MotionSmoothing()
    smoothing.smooth(MotionFrame.of([0] * 3, [0] * 3, np.zeros((5, 3)), 0))
    fewer = MotionFrame.of([9, 0, 0], [0] * 3, np.zeros((2, 3)), 40)
    assert smoothing.smooth(fewer) is fewer
