"""Whether the link is good, from what is heard and what is missed."""

from collections import deque

from .call_handlers import CallState, StateReason
from .patience import Patience

WINDOW_BEATS = 8  # losses are told over so many seconds
LOSSY = 0.2  # share of the motion messages
SLOW_RTT_S = 1.0
FEW = 25  # messages, of which no share can be told
REMEMBERED = 256  # arrivals, of more seconds than a beat is late


class LinkHealth:
    """Losses of motion, told by the peer's beats of how much it has sent.

    Attributes:
        motion_received: motion messages that arrived over all links, whatever became of them.
    """

    def __init__(self) -> None:
        self.motion_received = 0
        self._arrivals: deque[float] = deque(maxlen=REMEMBERED)
        self._told: deque[tuple[int, int]] = deque(maxlen=WINDOW_BEATS + 1)
        self._tried: deque[tuple[int, int]] = deque(maxlen=WINDOW_BEATS + 1)

    def restart(self) -> None:
        """A new link: what the old one lost tells nothing of this one."""
        self._told.clear()
        self._tried.clear()

    def on_motion(self, arrival: float) -> None:
        """A motion message has arrived, whatever becomes of it; seconds on our clock."""
        self.motion_received += 1
        self._arrivals.append(arrival)

    def on_beat(self, motion_sent: int, due: float) -> None:
        """The peer had sent so many motion messages.

        Args:
            motion_sent: up to this beat.
            due: when the beat would have arrived on the shortest way, in seconds on our clock: it
                is sent again where it was lost, and what came meanwhile was sent after it.
        """
        later = sum(arrival > due for arrival in self._arrivals)
        self._told.append((motion_sent, self.motion_received - later))

    def on_own_beat(self, sent: int, refused: int) -> None:
        """So many motion messages were sent and refused on this side."""
        self._tried.append((sent, refused))

    @property
    def refused(self) -> float:
        """Share of our motion messages that the channel did not take in the last seconds."""
        if len(self._tried) < 2:
            return 0.0
        sent, refused = (self._tried[-1][i] - self._tried[0][i] for i in range(2))
        return refused / (sent + refused) if sent + refused >= FEW else 0.0

    @property
    def loss(self) -> float:
        """Share of the peer's motion messages lost in the last seconds, 0 to 1."""
        if len(self._told) < 2:
            return 0.0
        sent = self._told[-1][0] - self._told[0][0]
        received = self._told[-1][1] - self._told[0][1]
        return min(1.0, max(0.0, 1 - received / sent)) if sent >= FEW else 0.0

    def judge(
        self, silence_s: float, rtt_s: float | None, patience: Patience
    ) -> tuple[CallState, StateReason]:
        """The state of a call that stands, and why.

        Args:
            silence_s: since something was heard.
            rtt_s: round trip; None while it is unknown.
            patience: of the session.
        """
        if silence_s >= patience.lost_s:
            return CallState.RECONNECTING, StateReason.SILENCE
        if silence_s >= patience.quiet_s:
            return CallState.DEGRADED, StateReason.QUIET
        if self.loss >= LOSSY:
            return CallState.DEGRADED, StateReason.LOSS
        if rtt_s is not None and rtt_s >= SLOW_RTT_S:
            return CallState.DEGRADED, StateReason.SLOW
        return CallState.LIVE, StateReason.NONE
