from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from confapp.media.clip import Clip
from confapp.media.paced_clip import PacedClip
from confapp.media.recorder import Recorder


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    path = tmp_path / "ten.mp4"
    with Recorder(path, (32, 32), fps=25) as recorder:
        for number in range(10):
            recorder.write(np.full((32, 32, 3), 20 * number, np.uint8))
    return Clip(path)


def test_a_prompt_consumer_gets_every_frame_when_it_is_due(clip: Clip) -> None:
    clock = FakeClock()
    paced = PacedClip(clip, now=clock.now, wait=clock.wait)
    seen = [(frame.timestamp_ms, round(clock.seconds - 100, 6)) for frame in paced.frames()]
    assert seen == [(40 * number, 0.04 * number) for number in range(10)]
    assert paced.skipped == 0


def test_a_late_consumer_gets_the_newest_frame_that_is_due(clip: Clip) -> None:
    clock = FakeClock()
    paced = PacedClip(clip, now=clock.now, wait=clock.wait)
    indices = []
    for frame in paced.frames():
        indices.append(frame.index)
        clock.seconds += 0.11  # nearly three frames of work
    assert indices == [0, 2, 5, 8, 9]
    assert paced.skipped == 5


def test_a_loop_goes_on_with_rising_times(clip: Clip) -> None:
    clock = FakeClock()
    paced = PacedClip(clip, loop=True, now=clock.now, wait=clock.wait)
    frames = list(islice(paced.frames(), 25))
    assert [frame.timestamp_ms for frame in frames] == [40 * number for number in range(25)]
    assert [frame.index for frame in frames] == list(range(25))
    assert np.abs(frames[23].rgb.astype(int) - frames[3].rgb).max() == 0
    assert clock.seconds - 100 == pytest.approx(0.96)


def test_closing_ends_the_frames(clip: Clip) -> None:
    clock = FakeClock()
    paced = PacedClip(clip, loop=True, now=clock.now, wait=clock.wait)
    frames = paced.frames()
    next(frames)
    paced.close()
    assert list(frames) == []


def test_closing_ends_a_real_wait(tmp_path: Path) -> None:
    path = tmp_path / "slow.mp4"
    with Recorder(path, (32, 32), fps=25) as recorder:
        recorder.write(np.zeros((32, 32, 3), np.uint8), 0)
        recorder.write(np.zeros((32, 32, 3), np.uint8), 3_600_000)
    paced = PacedClip(Clip(path))
    frames = paced.frames()
    next(frames)
    paced.close()
    assert list(frames) == []
