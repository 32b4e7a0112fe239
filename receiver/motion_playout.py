"""From motion as it arrives to motion as it is shown: in order, at an even pace, without holes.

A frame waits until slower ones of its age have had their chance, as long as arrivals of late make
that worth while. Where a frame does not come, the last movement goes on for a moment and comes to
rest: a head that stops in mid-turn and jumps looks worse than one that slows down.
"""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from confapp.motion_frame import MotionFrame
from receiver.arrival_delay import ArrivalDelay

REMEMBERED = 256  # frames, of whose arrivals the delay is learned: 10 s
# Share of them that should come in time. Where a tenth of the messages is lost and comes again with
# the next, 5 % of the frames come that late: what is learned of them must not be forgotten in a
# good second.
WHOLE = 0.98
LONGEST_DELAY_S = 0.5  # what rate control lets frames wait at the most
TOO_OLD_S = 1.0  # a frame that comes so late is dropped ...
ALL_TOO_OLD = 8  # ... unless all do: then the way has become longer, and is learned anew
WINDOW = 64  # frames that may wait
STILL_COMING = 1.3  # frame intervals after the last one, the next is missing
STEPS = 15  # from frame to frame, of which the longest is taken for the interval
DECAY_S = 0.08  # time constant with which a movement that is drawn out comes to rest
DRAWN_OUT_S = 0.25  # after that the picture stands still
OPENING_INTERVAL_S = 0.04


class MotionPlayout:
    """The frames that wait to be shown.

    Args:
        earliest: when a frame may be shown at the earliest, in seconds on our clock, by its
            timestamp in ms, so that it does not run ahead of its sound; None for at once.
        extrapolates: whether missing frames are made up.

    Attributes:
        late: frames that came after a newer one was shown, or too old to be of use.
        skipped: frames that were due together with a newer one.
        extrapolated: frames made up.
    """

    def __init__(
        self, earliest: Callable[[int], float | None] = lambda _: None, *, extrapolates: bool = True
    ) -> None:
        self.late = 0
        self.skipped = 0
        self.extrapolated = 0
        self._earliest = earliest
        self._extrapolates = extrapolates
        self._waiting: dict[int, MotionFrame] = {}
        self._delay = _new_delay()
        self._steps: deque[float] = deque(maxlen=STEPS)  # ms from frame to frame, holes shared out
        self._newest = -1
        self._newest_ms = 0
        self._shown: deque[MotionFrame] = deque(maxlen=2)
        self._shown_number = -1
        self._shown_at = 0.0
        self._made_up_at = 0.0
        self._made_up_s = 0.0  # since the last frame
        self._old_in_a_row = 0

    def restart(self) -> None:
        """A new stream begins, with numbers of its own."""
        self._waiting.clear()
        self._shown.clear()
        self._newest = self._shown_number = -1
        self._made_up_s = 0.0
        self._old_in_a_row = 0
        self._delay = _new_delay()

    def put(self, number: int, motion: MotionFrame, arrival: float) -> None:
        """Take a frame in.

        Args:
            number: counts the frames of the stream.
            motion: the frame.
            arrival: seconds on our clock.
        """
        captured = motion.timestamp_ms / 1000
        if self._is_old(captured, arrival):
            self.late += 1
            return
        self._delay.add(captured, arrival)
        if number <= self._shown_number or number in self._waiting:
            self.late += 1
            return
        if number > self._newest:
            if self._newest >= 0:
                step_ms = (motion.timestamp_ms - self._newest_ms) / (number - self._newest)
                self._steps.append(step_ms)
            self._newest, self._newest_ms = number, motion.timestamp_ms
        self._waiting[number] = motion
        if len(self._waiting) > WINDOW:
            del self._waiting[min(self._waiting)]
            self.skipped += 1

    def take(self, now: float) -> MotionFrame | None:
        """The frame to show now; None as long as the one before is good."""
        self._drop_overtaken()
        due = [number for number, motion in self._waiting.items() if self._due(motion) <= now]
        if not due:
            return self._make_up(now)
        motions = {number: self._waiting.pop(number) for number in due}
        self.skipped += len(due) - 1
        self._shown_number = max(due)
        self._shown_at = self._made_up_at = now
        self._made_up_s = 0.0
        self._shown.append(motions[self._shown_number])
        return self._shown[-1]

    def wait_s(self, now: float) -> float:
        """Seconds until `take` should be asked again."""
        times = [self._due(motion) for motion in self._waiting.values()]
        if self._extrapolates and self._shown:
            times.append(self._next_made_up())
        return max(0.0, min(times, default=now + 1.0) - now)

    def _drop_overtaken(self) -> None:
        """What was made up stands: shown time never goes back."""
        if self._made_up_s:
            shown_ms = self._shown[-1].timestamp_ms + self._made_up_s * 1000
            for number, motion in list(self._waiting.items()):
                if motion.timestamp_ms <= shown_ms:
                    del self._waiting[number]
                    self.late += 1

    def _is_old(self, captured: float, arrival: float) -> bool:
        normal = captured + self._delay.base_s
        if not self._delay.knows or arrival - normal < TOO_OLD_S:
            self._old_in_a_row = 0
            return False
        self._old_in_a_row += 1
        if self._old_in_a_row < ALL_TOO_OLD:
            return True
        self._delay = _new_delay()
        self._old_in_a_row = 0
        return False

    def _due(self, motion: MotionFrame) -> float:
        due = motion.timestamp_ms / 1000 + self._delay.base_s + self._delay.target_s
        earliest = self._earliest(motion.timestamp_ms)
        return due if earliest is None else max(due, earliest)

    # What is missing

    @property
    def _interval_s(self) -> float:
        """The longest pause of late that held no hole: a sender's pace is not always even."""
        return max(self._steps) / 1000 if self._steps else OPENING_INTERVAL_S

    def _next_made_up(self) -> float:
        if self._made_up_at - self._shown_at >= DRAWN_OUT_S:
            return float("inf")
        return self._made_up_at + self._interval_s * (1.0 if self._made_up_s else STILL_COMING)

    def _make_up(self, now: float) -> MotionFrame | None:
        if not self._extrapolates or len(self._shown) < 2 or now < self._next_made_up():
            return None
        self._made_up_at = now
        self._made_up_s += self._interval_s
        before, last = self._shown
        gap_s = (last.timestamp_ms - before.timestamp_ms) / 1000
        if before.keypoints != last.keypoints or not 0 < gap_s < DRAWN_OUT_S:
            return None
        self.extrapolated += 1
        return drawn_out(before, last, self._made_up_s)


def _new_delay() -> ArrivalDelay:
    return ArrivalDelay(REMEMBERED, LONGEST_DELAY_S, margin_s=0.0, whole=WHOLE)


def drawn_out(before: MotionFrame, last: MotionFrame, seconds: float) -> MotionFrame:
    """The last movement, so long after its end, as it comes to rest.

    Args:
        before, last: two frames that follow each other.
        seconds: after the last one.
    """
    start: NDArray[np.float64] = last.numbers().astype(np.float64)
    gap_s = (last.timestamp_ms - before.timestamp_ms) / 1000
    velocity = (start - before.numbers()) / gap_s
    numbers = start + velocity * DECAY_S * -np.expm1(-seconds / DECAY_S)
    timestamp_ms = last.timestamp_ms + round(seconds * 1000)
    return MotionFrame.of(numbers[:3], numbers[3:6], numbers[6:].reshape(-1, 3), timestamp_ms)
