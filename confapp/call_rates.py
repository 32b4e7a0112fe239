"""Figures of a call over the last second, from counters that only rise."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from confapp.call.statistics import CallStatistics
from confapp.call_summary import kbps
from confapp.page.messages import Numbers
from receiver.session import ReceiverStatistics
from sender.session import SenderStatistics

WINDOW_S = 1.0
LATENCIES = 30  # the last ones


@dataclass(frozen=True, slots=True)
class _Count:
    at: float
    wire_sent: int
    wire_received: int
    payload_sent: int
    rendered: int


class CallRates:
    """Reads counters at most once a second and gives rates between two readings."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: _Count | None = None
        self._numbers = Numbers()

    def read(
        self,
        call: CallStatistics,
        sent: SenderStatistics | None,
        received: ReceiverStatistics | None,
    ) -> Numbers:
        """The figures of the last full second or so."""
        now = _Count(
            self._clock(),
            call.wire_bytes_sent,
            call.wire_bytes_received,
            sent.payload_bytes if sent is not None else 0,
            received.rendered if received is not None else 0,
        )
        before = self._before
        if before is None:
            self._before = now
            return self._numbers
        seconds = now.at - before.at
        if seconds < WINDOW_S:
            return self._numbers
        self._before = now
        latencies = received.latencies_ms[-LATENCIES:] if received is not None else []
        self._numbers = Numbers(
            fps=round(max(0, now.rendered - before.rendered) / seconds, 1),
            latency_ms=round(float(np.median(latencies)), 1) if latencies else None,
            rtt_ms=None if call.rtt_s is None else round(call.rtt_s * 1000, 1),
            up_kbps=kbps(now.wire_sent - before.wire_sent, seconds),
            down_kbps=kbps(now.wire_received - before.wire_received, seconds),
            motion_kbps=kbps(max(0, now.payload_sent - before.payload_sent), seconds),
        )
        return self._numbers
