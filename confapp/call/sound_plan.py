"""How sound is coded on the link that there is."""

from collections.abc import Callable

from confapp.opus_plan import OpusPlan

from .statistics import CallStatistics

WHOLE = OpusPlan(bitrate=14_000, frame_ms=60)
NARROW = OpusPlan(bitrate=8_000, frame_ms=60)
TRIED = OpusPlan(bitrate=10_000, frame_ms=60)  # so little more that a queue grows slowly
LOSSY = OpusPlan(bitrate=14_000, frame_ms=20)
MUCH_LOST = 0.04  # share; a frame of 60 ms that is lost is heard
MUCH_REFUSED = 0.1  # share of the motion messages that found the channel backed up
MUCH_QUEUED_S = 0.25  # acknowledgements wait up to 0.2 s for the next message
SLOW_ANSWER_S = 3.0  # the first beat waits behind the photo: then that fills the link
LONG_RTT_S = 0.8  # more than by satellite: a queue that has not been empty since it is watched ...
LONG_FOR_S = 3.0  # ... unless only the first beats were lost, and came late
TRY_QUEUED_S = 0.12  # while more is tried, sound is not to be broken by it
TRY_S = 8.0
NARROW_FOR_S = 30.0  # since it last showed: a link does not become wide because less is sent
LONGEST_NARROW_S = 240.0  # the wait doubles with every try that fails


class SoundPlanner:
    """Chooses the plan. Losses of a narrow link are not cured by shorter frames, which cost more.

    Args:
        statistics: of the session.
        clock: seconds.
    """

    def __init__(self, statistics: CallStatistics, clock: Callable[[], float]) -> None:
        self._statistics = statistics
        self._clock = clock
        self._narrow_until = float("-inf")
        self._narrow_for_s = NARROW_FOR_S
        self._began: float | None = None
        self._short_at = clock()  # when the round trip was last not long

    @property
    def plan(self) -> OpusPlan:
        """The plan for now. May be asked from any thread."""
        counted, now = self._statistics, self._clock()
        if self._began is None:
            self._began = now
        unanswered = counted.rtt_s is None
        tries = self._narrow_until <= now < self._narrow_until + TRY_S
        most_queued_s = TRY_QUEUED_S if tries else MUCH_QUEUED_S
        if (counted.rtt_s or 0.0) <= LONG_RTT_S:
            self._short_at = now
        queued = counted.queue_s > most_queued_s or now - self._short_at >= LONG_FOR_S
        if unanswered and now - self._began > SLOW_ANSWER_S:
            queued = True
        if queued or counted.refused > MUCH_REFUSED:
            if now >= self._narrow_until:
                failed = now - self._narrow_until < self._narrow_for_s
                longer_s = min(2 * self._narrow_for_s, LONGEST_NARROW_S)
                self._narrow_for_s = longer_s if failed else NARROW_FOR_S
            self._narrow_until = now + self._narrow_for_s
        if unanswered or now < self._narrow_until:
            return NARROW
        if tries:
            return TRIED
        return LOSSY if counted.motion_loss_there > MUCH_LOST else WHOLE
