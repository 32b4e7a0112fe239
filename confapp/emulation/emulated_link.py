"""One direction of an emulated link: when a datagram arrives, and a transport that obeys."""

import asyncio
import random
from typing import Any

from confapp.call.forwarding_transport import ForwardingTransport
from confapp.call.wire_meter import datagram_bytes

from .link_profile import LinkProfile

BITS = 8
MS = 1000


class EmulatedLink:
    """What becomes of each datagram. Equal seeds and times give equal fates.

    Args:
        profile: what the link does.
        seed: of its chances.

    Attributes:
        profile: may be changed at any time.
        up: False for an outage: whatever is sent meanwhile is lost.
        lost: datagrams that never arrive.
    """

    def __init__(self, profile: LinkProfile, seed: int = 0) -> None:
        self.profile = profile
        self.up = True
        self.lost = 0
        self._random = random.Random(seed)  # noqa: S311 (chances, not secrets)
        self._in_burst = False
        self._free_at = 0.0  # when the bottleneck has sent all that waits
        self._last_arrival = 0.0

    def arrival(self, size: int, now: float) -> float | None:
        """When a datagram sent now arrives; None if it never does.

        Args:
            size: of the IP datagram in bytes.
            now: seconds; never less than at the last call.
        """
        profile = self.profile
        at = now
        if profile.rate_kbps is not None:
            start = max(now, self._free_at)
            if (start - now) * MS > profile.queue_ms:
                self.lost += 1
                return None
            at = start + size * BITS / (profile.rate_kbps * MS)
            self._free_at = at
        if self._is_lost() or not self.up:
            self.lost += 1
            return None
        at += (profile.delay_ms + profile.jitter_ms * self._random.random()) / MS
        if self._random.random() < profile.reorder:
            return at + profile.reorder_ms / MS
        self._last_arrival = max(at, self._last_arrival)
        return self._last_arrival

    def _is_lost(self) -> bool:
        loss, burst = self.profile.loss, self.profile.burst
        if burst == 1:
            return self._random.random() < loss
        threshold = 1 - 1 / burst if self._in_burst else loss / (burst * (1 - loss))
        self._in_burst = self._random.random() < threshold
        return self._in_burst

    def wrap(self, transport: asyncio.DatagramTransport) -> asyncio.DatagramTransport:
        """A transport whose datagrams go over this link first."""
        return _EmulatedTransport(transport, self)


class _EmulatedTransport(ForwardingTransport):
    """Sends over the link."""

    def __init__(self, transport: asyncio.DatagramTransport, link: EmulatedLink) -> None:
        super().__init__(transport)
        self._link = link
        self._loop = asyncio.get_running_loop()

    def sendto(self, data: Any, addr: Any = None) -> None:
        now = self._loop.time()
        at = self._link.arrival(datagram_bytes(data, addr), now)
        if at is not None:
            self._loop.call_at(at, self._deliver, bytes(data), addr)

    def _deliver(self, data: bytes, addr: Any) -> None:
        if not self.is_closing():
            super().sendto(data, addr)
