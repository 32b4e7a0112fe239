"""Order, pace and holes of motion, on a clock set by hand."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from confapp.frame_rate_limit import FrameRateLimit
from confapp.motion_frame import MotionFrame
from receiver.motion_playout import DECAY_S, DRAWN_OUT_S, LONGEST_DELAY_S, MotionPlayout, drawn_out

FRAME_MS = 40
TICK_S = 0.001
Arrivals = list[tuple[float, int]]


def frame(number: int, yaw: float | None = None) -> MotionFrame:
    turned = yaw if yaw is not None else 0.5 * number
    return MotionFrame.of([turned, 0, 0], [0] * 3, np.zeros((5, 3)), FRAME_MS * number)


def show(
    playout: MotionPlayout, arrivals: Arrivals, seconds: float
) -> list[tuple[float, MotionFrame]]:
    """What is shown when, of frames that arrive at these times; time begins at 0."""
    waiting = sorted(arrivals)
    shown = []
    for tick in range(round(seconds / TICK_S)):
        now = tick * TICK_S
        while waiting and waiting[0][0] <= now:
            arrival, number = waiting.pop(0)
            playout.put(number, frame(number), arrival)
        if playout.wait_s(now) == 0 and (motion := playout.take(now)) is not None:
            shown.append((now, motion))
    return shown


def even(count: int, delay_s: float = 0.05) -> Arrivals:
    return [(number * FRAME_MS / 1000 + delay_s, number) for number in range(count)]


def test_frames_that_come_evenly_are_shown_at_once() -> None:
    playout = MotionPlayout()
    shown = show(playout, even(50), 2.0)
    assert [motion.timestamp_ms for _, motion in shown][:48] == [FRAME_MS * n for n in range(48)]
    delays = [now - motion.timestamp_ms / 1000 for now, motion in shown]
    assert max(delays) < 0.05 + 0.015
    assert playout.extrapolated == playout.late == playout.skipped == 0


def test_bundles_are_shown_at_the_pace_of_their_capture() -> None:
    bundled = [(0.05 + FRAME_MS / 1000 * (number // 6 * 6 + 5), number) for number in range(120)]
    playout = MotionPlayout()
    shown = show(playout, bundled, 5.0)[30:]
    steps = np.diff([now for now, _ in shown])
    assert steps.max() < 0.06
    assert playout.extrapolated <= 2  # while the bundles were learned
    delays = [now - motion.timestamp_ms / 1000 for now, motion in shown]
    assert max(delays) < 0.05 + LONGEST_DELAY_S + 0.01


def test_frames_that_overtake_each_other_are_put_in_order() -> None:
    arrivals = even(100)
    arrivals[20::7] = [(at + 0.06, number) for at, number in arrivals[20::7]]
    playout = MotionPlayout()
    times = [motion.timestamp_ms for _, motion in show(playout, arrivals, 4.2)]
    assert times == sorted(times)
    assert (
        playout.late <= 8
    )  # of 12 that came late or were drawn out meanwhile, until it was learned


def test_what_is_late_is_dropped() -> None:
    playout = MotionPlayout()
    show(playout, even(20), 0.9)
    playout.put(3, frame(3), 0.9)
    assert playout.late == 1


def test_what_the_next_message_brings_again_is_waited_for() -> None:
    pair_s, arrivals = 2 * FRAME_MS / 1000, []
    for pair in range(500):
        arrival = (pair + 1) * pair_s + (pair_s if pair % 20 == 0 else 0.0)  # lost, and again
        arrivals += [(arrival, 2 * pair), (arrival, 2 * pair + 1)]
    playout = MotionPlayout()
    shown = [motion.timestamp_ms // FRAME_MS for _, motion in show(playout, arrivals, 41.0)]
    assert set(range(250, 1000)) <= set(shown)


def test_leftovers_of_an_outage_are_dropped_by_their_age() -> None:
    playout = MotionPlayout()
    show(playout, even(20), 0.9)
    for number in range(20, 25):
        playout.put(number, frame(number), 5.0)
    assert playout.late == 5
    assert playout.take(5.0) is None or playout.extrapolated


def test_a_way_that_has_become_longer_is_learned() -> None:
    arrivals = even(30) + [(number * 0.04 + 2.05, number) for number in range(30, 90)]
    playout = MotionPlayout()
    shown = [motion for _, motion in show(playout, arrivals, 6.0)]
    assert {frame(n).timestamp_ms for n in range(45, 88)} <= {m.timestamp_ms for m in shown}


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_holes_are_filled_and_nothing_freezes(share: float) -> None:
    chances = random.Random(4)  # noqa: S311
    arrivals = [arrival for arrival in even(250) if chances.random() >= share]
    playout = MotionPlayout()
    shown = show(playout, arrivals, 9.9)[5:]  # a movement needs two frames
    steps = np.diff([now for now, _ in shown])
    assert playout.extrapolated > 0
    assert steps.max() < 0.1
    yaws = [float(motion.rotation[0]) for _, motion in shown]
    jumps = np.abs(np.diff(yaws))
    assert jumps.max() < 0.5 * 5.5  # a turn of 12.5 degrees a second


def thinned(max_fps: int, captured: int, *, first: int = 0) -> dict[int, MotionFrame]:
    """Of so many captured frames those that a sender sends, by their numbers on the stream."""
    limit = FrameRateLimit()
    sent = [n for n in range(captured) if limit.takes(FRAME_MS * n, None if n < first else max_fps)]
    return {number: frame(n) for number, n in enumerate(sent)}


def play(playout: MotionPlayout, motions: dict[int, MotionFrame], seconds: float) -> list[float]:
    """Each arrives 50 ms after its capture. When something was shown."""
    waiting, shown = sorted(motions.items()), []
    for tick in range(round(seconds / TICK_S)):
        now = tick * TICK_S
        while waiting and waiting[0][1].timestamp_ms / 1000 + 0.05 <= now:
            playout.put(*waiting.pop(0), now)
        if playout.wait_s(now) == 0 and playout.take(now) is not None:
            shown.append(now)
    return shown


@pytest.mark.parametrize("max_fps", [20, 15, 12, 8])
def test_a_slower_pace_is_no_loss(max_fps: int) -> None:
    """It is learned from one pause between frames; such pauses are not all alike."""
    for first, most_made_up in ((0, 1), (250, 4)):
        playout = MotionPlayout()
        sent = thinned(max_fps, 500, first=first)
        last_s = sent[len(sent) - 1].timestamp_ms / 1000
        shown = play(playout, sent, last_s + 0.06)
        assert playout.extrapolated <= most_made_up
        assert playout.late == playout.skipped == 0
        assert len(shown) == len(sent) + playout.extrapolated


@pytest.mark.parametrize("max_fps", [20, 15, 12, 8])
def test_what_is_lost_at_a_slower_pace_is_made_up(max_fps: int) -> None:
    chances = random.Random(4)  # noqa: S311
    sent = thinned(max_fps, 500)
    arriving = {number: sent[number] for number in sent if chances.random() >= 0.1}
    lost = len(sent) - len(arriving)
    playout = MotionPlayout()
    play(playout, arriving, 19.9)
    assert lost / 2 <= playout.extrapolated <= 2 * lost


def test_a_camera_that_comes_back_is_shown_at_once() -> None:
    """However long it was away, and whatever was made up meanwhile."""
    for away_ms in (300, 700, 60_000):
        playout = MotionPlayout(extrapolates=True)
        show(playout, even(20), 1.5)
        assert playout.extrapolated > 0
        later = replace(frame(20), timestamp_ms=19 * FRAME_MS + away_ms)
        arrival = later.timestamp_ms / 1000 + 0.05
        playout.put(20, later, arrival)
        assert playout.take(arrival + 0.01) is later


def test_a_movement_that_is_drawn_out_comes_to_rest() -> None:
    playout = MotionPlayout()
    shown = show(playout, even(20), 3.0)
    made = [(now, motion) for now, motion in shown if motion.timestamp_ms > 19 * FRAME_MS]
    assert 4 <= len(made) <= 8
    assert made[-1][0] - made[0][0] < DRAWN_OUT_S
    yaws = [float(motion.rotation[0]) for _, motion in made]
    steps = np.diff([9.5, *yaws])
    assert all(one >= other for one, other in itertools.pairwise(steps))
    speed = 0.5 / (FRAME_MS / 1000)
    assert yaws[-1] == pytest.approx(9.5 + speed * DECAY_S, abs=0.15)


def test_what_is_drawn_out_begins_where_the_movement_ended() -> None:
    assert float(drawn_out(frame(0), frame(1), 0.0).rotation[0]) == pytest.approx(0.5)
    assert float(drawn_out(frame(0), frame(1), 0.01).rotation[0]) == pytest.approx(0.62, abs=0.01)


def test_without_extrapolation_only_what_came_is_shown() -> None:
    playout = MotionPlayout(extrapolates=False)
    shown = show(playout, even(100)[::3], 5.0)
    assert [motion.timestamp_ms for _, motion in shown] == [FRAME_MS * n for n in range(0, 100, 3)]


def test_a_picture_waits_for_its_sound() -> None:
    playout = MotionPlayout(lambda timestamp_ms: timestamp_ms / 1000 + 0.2, extrapolates=False)
    shown = show(playout, even(50), 3.0)
    delays = [now - motion.timestamp_ms / 1000 for now, motion in shown]
    assert delays == pytest.approx([0.2] * 50, abs=0.002)


def test_a_new_stream_begins_anew() -> None:
    playout = MotionPlayout()
    show(playout, even(50), 2.0)
    playout.restart()
    playout.put(0, frame(0), 100.0)
    taken = playout.take(100.1)
    assert taken is not None
    assert taken.timestamp_ms == 0


def test_a_new_stream_may_begin_in_a_hole() -> None:
    """Another photo comes after a pause in which frames were made up."""
    playout = MotionPlayout()
    show(playout, even(20), 2.0)
    assert playout.extrapolated > 0
    playout.restart()
    assert playout.take(2.0) is None
    playout.put(0, frame(0), 2.05)
    shown = playout.take(2.5)
    assert shown is not None
    assert shown.timestamp_ms == 0
