"""The call's side of a sender or receiver session, without a network."""

import asyncio
from collections.abc import Callable

from confapp.call.statistics import CallStatistics


class FakeCall:
    """Takes what a session sends; `backed_up` refuses motion as a full channel does."""

    def __init__(self, *, ready: bool = True) -> None:
        self.statistics = CallStatistics()
        self.packets: list[bytes] = []
        self.stills: list[bytes] = []
        self.origins: list[float] = []
        self.ready_with: list[str] = []
        self.backed_up = False
        self.changed = asyncio.Event()
        self._ready = ready

    def send_source(self, still: bytes, stream_origin: float) -> str:
        """Note the photo."""
        self.stills.append(still)
        self.origins.append(stream_origin)
        return "hash"

    async def wait_source_ready(self) -> bool:
        """The other side's answer."""
        return self._ready

    def send_motion(self, message: bytes, payload_bytes: int) -> bool:
        """Note a packet, unless backed up."""
        if not self.backed_up:
            self.packets.append(message)
            self.statistics.payload_bytes_sent += payload_bytes
        self.changed.set()
        return not self.backed_up

    def send_source_ready(self, sha256: str) -> None:
        """Note which photo is ready."""
        self.ready_with.append(sha256)
        self.changed.set()

    def local_time(self, peer_time: float) -> float | None:
        """Clocks that agree."""
        self.changed.set()
        return peer_time

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is true, looking after each event."""
        async with asyncio.timeout(30):
            while not reached():
                self.changed.clear()
                await self.changed.wait()
