"""What a network does to datagrams, as numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkProfile:
    """One direction of a link.

    Attributes:
        delay_ms: one way, without any queue.
        jitter_ms: each datagram takes up to so much longer, uniformly; the order stays.
        loss: share of the datagrams that are lost, 0 up to 1.
        burst: how many are lost in a row on average (Gilbert 1960); 1 for independent losses.
        rate_kbps: of the bottleneck, IP headers counted; None for no limit.
        queue_ms: how much may wait at the bottleneck; what comes then is dropped.
        reorder: share of the datagrams that later ones overtake.
        reorder_ms: how much longer those take.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    burst: float = 1.0
    rate_kbps: float | None = None
    queue_ms: float = 500.0
    reorder: float = 0.0
    reorder_ms: float = 60.0

    def __post_init__(self) -> None:
        if not (0 <= self.loss < 1 and 0 <= self.reorder <= 1 and self.burst >= 1):
            raise ValueError("shares lie from 0 to 1, and a burst has at least one datagram")
        if min(self.delay_ms, self.jitter_ms, self.queue_ms, self.reorder_ms) < 0:
            raise ValueError("no datagram arrives before it was sent")
        if self.rate_kbps is not None and self.rate_kbps <= 0:
            raise ValueError("a rate is above 0; None is no limit")


# Ordinary bad days, not the worst of each kind.
PROFILES = {
    "2g": LinkProfile(delay_ms=150, jitter_ms=60, loss=0.01, rate_kbps=64, queue_ms=800),
    "3g": LinkProfile(delay_ms=60, jitter_ms=30, loss=0.01, burst=2, rate_kbps=384),
    "satellite": LinkProfile(delay_ms=300, jitter_ms=10, loss=0.005, rate_kbps=512),
    "lossy-wifi": LinkProfile(delay_ms=4, jitter_ms=20, loss=0.1, burst=2, reorder=0.02),
}
