"""Bundles as large as the allowed delay lets them be."""

import numpy as np
import pytest

from confapp.motion_frame import MotionFrame
from sender.bundler import Bundler


def at(time_ms: float) -> MotionFrame:
    return MotionFrame.of([0] * 3, [0] * 3, np.zeros((0, 3)), round(time_ms))


def sizes(bundler: Bundler, fps: int, frames: int) -> list[int]:
    bundles = [bundler.add(at(1000 * i / fps)) for i in range(frames)]
    return [len(bundle) for bundle in bundles if bundle]


@pytest.mark.parametrize(
    ("fps", "delay_ms", "expected"),
    [(25, 100, 3), (30, 100, 4), (25, 0, 1), (10, 100, 2), (60, 100, 6), (25, 1000, 6)],
)
def test_no_frame_waits_longer_than_it_may(fps: int, delay_ms: int, expected: int) -> None:
    bundler = Bundler(6, delay_ms)
    first, *later = sizes(bundler, fps, 61)
    assert first == 1
    assert set(later) == {expected}
    assert expected == 6 or (expected - 1) * 1000 / fps <= delay_ms


def test_frames_keep_their_order_and_none_is_lost() -> None:
    bundler = Bundler(6, 100)
    out = [frame for i in range(20) for frame in bundler.add(at(40 * i))]
    out += bundler.take()
    assert [frame.timestamp_ms for frame in out] == [40 * i for i in range(20)]
    assert bundler.take() == []


def test_the_delay_may_change_at_any_time() -> None:
    bundler = Bundler(6, 0)
    assert len(bundler.add(at(0))) == 1
    bundler.delay_ms = 200
    assert bundler.add(at(40)) == []
    bundler.delay_ms = 0
    assert len(bundler.add(at(80))) == 2
