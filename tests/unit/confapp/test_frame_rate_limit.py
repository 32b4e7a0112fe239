"""Which frames remain, of cameras that are even and of such that tremble."""

import random

import numpy as np
import pytest

from confapp.frame_rate_limit import FrameRateLimit


def taken(times_ms: list[int], max_fps: float | None) -> list[int]:
    limit = FrameRateLimit()
    return [time_ms for time_ms in times_ms if limit.takes(time_ms, max_fps)]


def camera(fps: float, seconds: float = 60.0, tremble_ms: float = 0.0) -> list[int]:
    chances = random.Random(2)  # noqa: S311
    return [
        round(1000 * number / fps + chances.uniform(-tremble_ms, tremble_ms)) + 5
        for number in range(round(fps * seconds))
    ]


@pytest.mark.parametrize("fps", [12, 15, 25, 29.97, 30, 60])
@pytest.mark.parametrize("max_fps", [8, 12, 15, 20])
@pytest.mark.parametrize("tremble_ms", [0, 6])
def test_as_many_as_are_allowed_and_no_more(fps: float, max_fps: int, tremble_ms: float) -> None:
    chosen = taken(camera(fps, tremble_ms=tremble_ms), max_fps)
    assert len(chosen) == pytest.approx(60 * min(fps, max_fps), abs=0.02 * 60 * max_fps)
    assert len(chosen) <= 60 * max_fps + 1
    longest = max(1000 / fps, 1000 / max_fps + 1000 / fps)
    assert np.diff(chosen).max() < longest + 4 * tremble_ms


def test_every_second_of_frames_that_tremble() -> None:
    """Not now the earlier, now the later of two."""
    steps = np.diff(taken(camera(30, tremble_ms=6), 15))
    assert steps.min() > 50
    assert steps.max() < 84


def test_without_a_limit_every_frame() -> None:
    times = camera(25, tremble_ms=15)
    assert taken(times, None) == times


@pytest.mark.parametrize("max_fps", [8, 12, 15, 20])
def test_what_was_limited_once_is_left_alone(max_fps: int) -> None:
    """The receiver has the same limit as the sender, and may have begun at another frame."""
    once = taken(camera(25), max_fps)
    assert taken(once, max_fps) == once
    for first in range(1, 20):
        assert len(once[first:]) - len(taken(once[first:], max_fps)) <= 1


def test_a_limit_that_changes_holds_at_once() -> None:
    limit = FrameRateLimit()
    times = camera(25, seconds=6)
    chosen = [
        time_ms
        for number, time_ms in enumerate(times)
        if limit.takes(time_ms, (8, None, 15)[number // 50])
    ]
    counts, _ = np.histogram(chosen, [0, 2000, 4000, 6005])
    assert list(counts) == pytest.approx([16, 50, 30], abs=1)


def test_a_pause_is_not_made_up_for() -> None:
    limit = FrameRateLimit()
    for time_ms in camera(25, seconds=2):
        limit.takes(time_ms, 8)
    later = [time_ms + 60_000 for time_ms in camera(25, seconds=2)]
    assert sum(limit.takes(time_ms, 8) for time_ms in later) <= 18


def test_another_stream_begins_at_nought() -> None:
    limit = FrameRateLimit()
    assert limit.takes(10_000, 8)
    assert not limit.takes(10_040, 8)
    assert limit.takes(0, 8)
    assert not limit.takes(40, 8)
