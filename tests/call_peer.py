"""One side of a call over real WebRTC on this machine, and waiting with a deadline."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from signaling_service import SignalingService

from confapp.call.call_handlers import CallHandlers, CallState, EndReason, StateReason
from confapp.call.call_session import CallSession
from confapp.call.hello import Hello
from confapp.call.patience import Patience
from confapp.call.peer_link import LinkOptions
from confapp.call.signaling_client import create_room
from confapp.call.source_exchange import SourcePhoto

DEADLINE_S = 20
HELLO = Hello(
    app="1.0",
    sends=True,
    receives=True,
    model_name="lite-256",
    model_fingerprint="aaaa",
    tables_fingerprint="tttt",
    keypoints=20,
    takes_corrections=True,
)


class Peer:
    """One side of a call and everything that it was told."""

    def __init__(self, hello: Hello = HELLO) -> None:
        self.hello = hello
        self.motion: list[bytes] = []
        self.arrivals: list[float] = []
        self.sources: list[SourcePhoto] = []
        self.refreshes: list[bytes] = []
        self.used_from_ms: list[int] = []
        self.corrections: list[bytes] = []
        self.ended: list[EndReason] = []
        self.states: list[tuple[CallState, StateReason]] = []
        self.codes: list[str] = []
        self.delivered: list[bytes] = []
        self.key_requests = 0
        self.waits = 0
        self.session: CallSession

    async def connect(
        self,
        room: str,
        patience: Patience | None = None,
        options: LinkOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> "Peer":
        handlers = CallHandlers(
            on_waiting=self._on_waiting,
            on_live=self._on_live,
            on_state=lambda state, reason: self.states.append((state, reason)),
            on_safety_code=self.codes.append,
            on_motion=self.on_motion,
            on_delivered=self.delivered.append,
            on_key_request=self._on_key_request,
            on_source=self._on_source,
            on_refresh=self._on_refresh,
            on_refresh_use=self.used_from_ms.append,
            on_correction=self.corrections.append,
            on_ended=self.ended.append,
        )
        connecting = CallSession.connect(
            room, self.hello, handlers, patience=patience, options=options, clock=clock
        )
        session = await within(connecting)
        assert session is self.session
        return self

    def _on_key_request(self) -> None:
        self.key_requests += 1

    def _on_waiting(self) -> None:
        self.waits += 1

    def _on_live(self, session: CallSession) -> None:
        self.session = session

    def on_motion(self, message: bytes, arrival: float) -> None:
        self.motion.append(message)
        self.arrivals.append(arrival)

    def _on_source(self, photo: SourcePhoto) -> None:
        self.sources.append(photo)
        self.session.send_source_ready(photo.sha256)

    def _on_refresh(self, still: bytes) -> None:
        self.refreshes.append(still)
        self.session.send_refresh_ready(still)

    async def close(self) -> None:
        await within(self.session.close())


async def within(awaitable: Any) -> Any:
    """What it gives, or a failure at the deadline."""
    return await asyncio.wait_for(awaitable, DEADLINE_S)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail at the deadline."""

    async def poll() -> None:
        while not condition():  # noqa: ASYNC110 (the condition is counters, there is no event)
            await asyncio.sleep(0.005)

    await within(poll())


async def call(
    server: SignalingService, ada: Peer, ben: Peer, patience: Patience | None = None
) -> str:
    """Ada and Ben in a live call, each ready for the other's motion."""
    room = await create_room(server.url)
    await asyncio.gather(*(peer.connect(room, patience) for peer in (ada, ben)))
    return room
