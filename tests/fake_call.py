"""The call's side of a sender or receiver session, without a network."""

import asyncio
import contextlib
from collections.abc import Callable

from confapp.call.call_handlers import CallState
from confapp.call.hello import Hello
from confapp.call.statistics import CallStatistics

LOOK_S = 0.05


class FakeCall:
    """Takes what a session sends; `backed_up` refuses motion as a full channel does.

    Args:
        ready: whether the other side takes the photo; None for one that never answers.
        on_motion: called with each packet.
    """

    def __init__(
        self, *, ready: bool | None = True, on_motion: Callable[[], None] = lambda: None
    ) -> None:
        self.statistics = CallStatistics()
        self.packets: list[bytes] = []
        self.stills: list[bytes] = []
        self.origins: list[float] = []
        self.refreshes: list[bytes] = []
        self.used_from_ms: list[int] = []
        self.corrections: list[bytes] = []
        self.peer = Hello(receives=True, takes_corrections=True)
        self.live: list[bool] = []
        self.ready_with: list[str] = []
        self.source_answers: list[tuple[str, bytes | None]] = []
        self.key_requests = 0
        self.max_fps: int | None = None
        self.max_fps_requests: list[int | None] = []
        self.loses_much = False
        self.state = CallState.LIVE
        self.backed_up = False
        self.changed = asyncio.Event()
        self._ready = ready
        self._on_motion = on_motion

    def send_source(self, still: bytes, stream_origin: float, *, live: bool) -> str:
        """Note the photo."""
        self.stills.append(still)
        self.origins.append(stream_origin)
        self.live.append(live)
        return "hash"

    async def wait_source_ready(self) -> bool:
        """The other side's answer."""
        if self._ready is None:
            await asyncio.Event().wait()
        return bool(self._ready)

    async def send_refresh(self, still: bytes, _piece_every_s: float) -> bool:
        """Note a better photo; the other side's answer."""
        self.refreshes.append(still)
        return await self.wait_source_ready()

    def use_refresh(self, timestamp_ms: int) -> None:
        """Note from which frame on it is seen."""
        self.used_from_ms.append(timestamp_ms)
        self.changed.set()

    def send_correction(self, code: bytes) -> None:
        """Note what corrects the other side's pictures."""
        self.corrections.append(code)
        self.changed.set()

    def send_refresh_ready(self, still: bytes) -> None:
        """Note which better photo is ready."""
        self.refreshes.append(still)
        self.changed.set()

    def send_motion(self, message: bytes, payload_bytes: int) -> bool:
        """Note a packet, unless backed up."""
        if not self.backed_up:
            self.packets.append(message)
            self.statistics.payload_bytes_sent += payload_bytes
        self._on_motion()
        return not self.backed_up

    def request_max_fps(self, max_fps: int | None) -> None:
        """Note it."""
        self.max_fps_requests.append(max_fps)
        self.changed.set()

    def request_key(self) -> None:
        """Note it."""
        self.key_requests += 1
        self.changed.set()

    def answer_source(self, sha256: str, still: bytes | None) -> None:
        """Note it."""
        self.source_answers.append((sha256, still))
        self.changed.set()

    def send_source_ready(self, sha256: str) -> None:
        """Note which photo is ready."""
        self.ready_with.append(sha256)
        self.changed.set()

    def local_time(self, peer_time: float) -> float | None:
        """Clocks that agree."""
        self.changed.set()
        return peer_time

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is true, looking after each event and now and then."""
        async with asyncio.timeout(30):
            while not reached():
                self.changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), LOOK_S)
