"""Steps down under load and up again, on a clock of the test's own."""

import pytest

from confapp.frame_rate_limit import FrameRateLimit
from receiver.quality_step import FIXED_COST, PATIENCE_S, STEPS, WINDOW_S, Quality, QualityStep

FRAME_MS = 40
LAST = len(STEPS) - 1


HEARD_S = 1.2  # from a step to the sender's following it: a beat, and the way


class Receiver:
    """A machine that takes `cost_s` a whole picture, with a stream of frames.

    Args:
        frame_ms: from one to the next.
        followed: the sender leaves out what is not wanted, as soon as it has heard of it.
    """

    def __init__(self, *, followed: bool = False, frame_ms: float = FRAME_MS) -> None:
        self.quality = QualityStep()
        self._frame_ms = frame_ms
        self.now = 0.0
        self.frame = 0
        self.sent = 0
        self._followed = followed
        self._sender = FrameRateLimit()
        self._asked: list[tuple[float, int | None]] = [(0.0, None)]

    def _sends(self, timestamp_ms: int) -> bool:
        if self._asked[-1][1] != self.quality.max_fps:
            self._asked.append((self.now, self.quality.max_fps))
        heard = [max_fps for at, max_fps in self._asked if at <= self.now - HEARD_S]
        sends = self._sender.takes(timestamp_ms, heard[-1] if self._followed and heard else None)
        self.sent += sends
        return sends

    def run(self, seconds: float, cost_s: float) -> int:
        """Of the frames that have come, the newest is next. How many are shown."""
        shown = 0
        end = self.now + seconds
        while self.now < end:
            self.frame = max(self.frame, int(self.now * 1000 / self._frame_ms))
            self.now = max(self.now, self.frame * self._frame_ms / 1000)
            taken_ms = round(self.frame * self._frame_ms)
            if self._sends(taken_ms) and self.quality.takes(taken_ms):
                share = self.quality.share
                start = self.now
                self.now += cost_s * (FIXED_COST + (1 - FIXED_COST) * share**2)
                self.quality.rendered(start, self.now)
                shown += 1
            self.frame += 1
        return shown


@pytest.mark.parametrize(
    ("seconds", "begins"),
    [(0.020, Quality(None)), (0.040, Quality(20)), (0.055, Quality(15)), (0.500, Quality(15))],
)
def test_it_begins_with_what_a_trial_says(seconds: float, begins: Quality) -> None:
    """But for sizes, which a slow trial does not give up."""
    quality = QualityStep()
    quality.begin(seconds)
    assert STEPS[quality.step] == begins
    assert quality.downs == 0


def test_a_trial_that_was_slow_by_chance_is_made_up_for() -> None:
    receiver = Receiver()
    receiver.quality.begin(1.0)
    receiver.run(PATIENCE_S + 2 * WINDOW_S, cost_s=0.020)
    assert receiver.quality.step == 0


def test_a_fast_machine_shows_every_frame() -> None:
    receiver = Receiver()
    assert receiver.run(60, cost_s=0.020) == pytest.approx(60 * 25, abs=1)
    assert (receiver.quality.step, receiver.quality.thinned) == (0, 0)


def test_a_slow_machine_settles_where_it_has_time_left() -> None:
    """At 50 ms a picture, 15 a second take three quarters of the time."""
    receiver = Receiver()
    receiver.run(20, cost_s=0.050)
    assert STEPS[receiver.quality.step] == Quality(15)
    assert receiver.run(20, cost_s=0.050) == pytest.approx(20 * 15, abs=2)
    assert receiver.quality.thinned > 0


def test_a_slower_one_makes_smaller_pictures_at_once() -> None:
    """At 150 ms a picture, 15 small ones a second take three quarters of the time."""
    receiver = Receiver()
    receiver.run(WINDOW_S + 1, cost_s=0.150)
    assert STEPS[receiver.quality.step] == Quality(15, 1 / 2)
    assert receiver.run(20, cost_s=0.150) == pytest.approx(20 * 15, abs=2)
    assert receiver.quality.downs == 1


def test_the_size_is_given_up_after_pictures_a_second() -> None:
    """Each step asks for less than the one before, and no picture grows again."""
    costs = [(step.max_fps or 30) * step.share**2 for step in STEPS]
    assert costs == sorted(costs, reverse=True)
    shares = [step.share for step in STEPS]
    assert shares == sorted(shares, reverse=True)
    assert shares[:3] == [1, 1, 1]


def test_the_worst_machine_stays_at_the_last_step() -> None:
    receiver = Receiver()
    receiver.run(60, cost_s=1.0)
    assert receiver.quality.step == LAST


def test_quality_comes_back() -> None:
    receiver = Receiver()
    receiver.run(20, cost_s=1.0)
    assert receiver.quality.step == LAST
    receiver.run(LAST * (PATIENCE_S + 3 * WINDOW_S), cost_s=0.015)
    assert receiver.quality.step == 0
    assert receiver.run(10, cost_s=0.015) == pytest.approx(250, abs=1)


@pytest.mark.parametrize("cost_s", [0.020, 0.050, 0.150, 0.400])
def test_a_sender_that_follows_changes_no_step(cost_s: float) -> None:
    """The load is then low for want of frames, and that alone is no reason for a better step."""
    alone, followed = Receiver(), Receiver(followed=True)
    for receiver in (alone, followed):
        receiver.run(20, cost_s)
        receiver.sent = 0
    assert followed.quality.step == alone.quality.step
    downs = followed.quality.downs
    assert followed.run(120, cost_s) == pytest.approx(alone.run(120, cost_s), abs=2)
    assert followed.sent <= 120 * (followed.quality.max_fps or 25) + 1
    assert followed.quality.downs == downs


def test_quality_comes_back_with_a_sender_that_follows() -> None:
    receiver = Receiver(followed=True)
    receiver.run(20, cost_s=1.0)
    assert receiver.quality.step == LAST
    receiver.sent = 0
    receiver.run(5, cost_s=1.0)
    assert receiver.sent <= 5 * 8 + 1
    receiver.run(LAST * (PATIENCE_S + 3 * WINDOW_S), cost_s=0.015)
    assert receiver.quality.step == 0
    assert receiver.run(10, cost_s=0.015) == pytest.approx(250, abs=1)


def test_a_step_that_fails_is_tried_more_and_more_seldom() -> None:
    """A machine whose pictures get slower the more of them there are."""
    receiver = Receiver()
    minutes = []
    for _ in range(4):
        before = receiver.quality.downs
        for _ in range(60):
            receiver.run(1, cost_s=0.015 if receiver.quality.step else 0.050)
        minutes.append(receiver.quality.downs - before)
    assert minutes[0] > minutes[-1] >= 0
    assert minutes[-1] <= 2


def test_a_moment_that_was_slow_is_over_soon() -> None:
    """At 27 ms a picture, 25 frames a second take two thirds of the time; 30 would take more."""
    receiver = Receiver()
    receiver.run(10, cost_s=0.027)
    receiver.run(3 * WINDOW_S, cost_s=0.039)
    assert receiver.quality.step > 0
    receiver.run(PATIENCE_S + 2 * WINDOW_S, cost_s=0.027)
    assert receiver.quality.step == 0


def test_two_slow_seconds_are_chance() -> None:
    """As when a call begins; two more are not."""
    receiver = Receiver()
    receiver.run(WINDOW_S + 0.5, cost_s=0.039)
    assert receiver.quality.step == 0
    receiver.run(60, cost_s=0.030)
    assert (receiver.quality.step, receiver.quality.downs) == (0, 0)
    receiver.run(2 * WINDOW_S + 1, cost_s=0.039)
    assert receiver.quality.step == 1


def test_a_camera_of_30_frames_is_not_taken_for_a_slower_one() -> None:
    """At 31 ms a picture, all of them just do not fit; what is seen on the way up is no measure."""
    receiver = Receiver(frame_ms=1000 / 30)
    receiver.run(300, cost_s=0.031)
    assert receiver.quality.downs <= 2


def test_a_pause_is_no_load() -> None:
    receiver = Receiver()
    receiver.run(3, cost_s=0.020)
    receiver.now += 60
    receiver.run(3, cost_s=0.020)
    assert receiver.quality.step == 0


def test_another_stream_begins_at_nought() -> None:
    """Its frames do not wait for the time of the one before."""
    receiver = Receiver()
    receiver.run(20, cost_s=1.0)
    assert receiver.quality.takes(0)
