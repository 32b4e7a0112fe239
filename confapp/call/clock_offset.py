"""How far the peer's clock is from ours, learned from what goes back and forth anyway."""

from collections import deque

SAMPLES = 16  # at one a second; two clocks drift apart by less than 2 ms in that time


class ClockOffset:
    """Round trip and clock offset by the NTP formulas (RFC 5905 section 8).

    Of the last samples the one with the least round trip counts: what a queue or a retransmission
    added to a round trip, it added on one way only, and so to the offset.
    """

    def __init__(self, samples: int = SAMPLES) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=samples)

    def add(self, sent: float, peer_received: float, peer_sent: float, received: float) -> None:
        """Take in one exchange, t1 to t4 in seconds; t1 and t4 on our clock, t2 and t3 on theirs.

        Raises:
            ValueError: the times contradict each other.
        """
        held = peer_sent - peer_received
        round_trip = received - sent - held
        if held < 0 or round_trip < 0:
            raise ValueError("an answer came before its question")
        offset = ((peer_received - sent) + (peer_sent - received)) / 2
        self._samples.append((round_trip, offset))

    @property
    def rtt_s(self) -> float | None:
        """Least round trip of the last samples in seconds; None before the first."""
        return min(self._samples)[0] if self._samples else None

    @property
    def offset_s(self) -> float | None:
        """The peer's clock minus ours in seconds; None before the first sample."""
        return min(self._samples)[1] if self._samples else None

    def to_local(self, peer_time: float) -> float | None:
        """A time of the peer's clock on our clock; None before the first sample."""
        offset = self.offset_s
        return None if offset is None else peer_time - offset
