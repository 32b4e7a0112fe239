"""Whether the peer is alive, and how far away. aiortc alone needs half a minute to tell."""

from collections import deque
from collections.abc import Callable

from .clock_offset import ClockOffset
from .control_message import Beat, Echo

INTERVAL_S = 1.0
CLOCK_DIGITS = 5  # a hundredth of a millisecond, to keep beats short
REMEMBERED_BEATS = 32  # of ours, that an echo may still answer


class Heartbeat:
    """The beats of one side. It sends nothing and waits for nothing: the session does.

    One beat a second from each side is both ping and answer, which costs half of what a ping and
    its own answer in each direction would.

    Args:
        clock: seconds on a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock_offset = ClockOffset()
        self._clock = clock
        self._heard_at = clock()
        self._sent: deque[float] = deque(maxlen=REMEMBERED_BEATS)
        self._echo: Echo | None = None

    def beat(self) -> Beat:
        """The beat to send now."""
        now = round(self._clock(), CLOCK_DIGITS)
        beat = Beat(sent=now, echo=self._echo)
        self._sent.append(now)
        self._echo = None
        return beat

    def on_beat(self, beat: Beat) -> None:
        """Take in a beat of the peer.

        Raises:
            ValueError: it answers a beat that was never sent, or its times contradict each other.
        """
        now = self._clock()
        self._echo = Echo(sent=beat.sent, received=round(now, CLOCK_DIGITS))
        if beat.echo is not None:
            if beat.echo.sent not in self._sent:
                raise ValueError("an echo of a beat that was never sent")
            self.clock_offset.add(beat.echo.sent, beat.echo.received, beat.sent, now)

    def heard(self) -> None:
        """Something, anything, came from the peer."""
        self._heard_at = self._clock()

    @property
    def silence_s(self) -> float:
        """Seconds since something was heard."""
        return self._clock() - self._heard_at
