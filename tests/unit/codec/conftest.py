"""Motion made up for the codec's tests: smooth, float16, the same on every run."""

from collections.abc import Callable

import numpy as np
import pytest

from confapp.codec import FrequencyTables, PredictionTables
from confapp.motion_frame import MotionFrame

FRAME_MS = 33
MakeClip = Callable[..., list[MotionFrame]]


def make_clip(seed: int, frames: int = 60, keypoints: int = 20) -> list[MotionFrame]:
    """A person (fixed offsets) who sways and speaks (slow sines about them)."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(frames)[:, None] * FRAME_MS / 1000
    numbers = 6 + 3 * keypoints
    offsets = rng.normal(0.0, 0.03, numbers)
    amplitudes = np.full(numbers, 0.02)
    offsets[:3], amplitudes[:3] = rng.normal(0.0, 5.0, 3), 12.0  # degrees
    phases = 2 * np.pi * (rng.uniform(0.2, 2.0, numbers) * seconds + rng.uniform(size=numbers))
    motion = (offsets + amplitudes * np.sin(phases)).astype(np.float16)
    return [MotionFrame.from_numbers(row, i * FRAME_MS) for i, row in enumerate(motion)]


@pytest.fixture(name="make_clip", scope="session")
def fixture_make_clip() -> MakeClip:
    return make_clip


@pytest.fixture(scope="session")
def learned_tables() -> FrequencyTables:
    """Tables of 20 keypoints, learned on 12 people of 2 s."""
    return FrequencyTables.fit((f for seed in range(12) for f in make_clip(seed)), epoch=1)


@pytest.fixture(scope="session")
def prediction_tables() -> PredictionTables:
    """The same for predictive mode."""
    return PredictionTables.fit([make_clip(seed) for seed in range(12)])
