"""A real signaling server on the test's own event loop."""

import asyncio
import time
from collections.abc import Callable

from signaling.server import SignalingServer, bind
from signaling.server_state import ServerState
from signaling.settings import SignalingSettings

DEADLINE_S = 20


class SignalingService:
    """A running server: its URL, its insides, and how to stop it before the test ends."""

    def __init__(
        self, settings: SignalingSettings | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.url = ""
        self._started = asyncio.Event()
        settings = settings or SignalingSettings(port=0)
        self._server = SignalingServer(settings, self._on_started, clock)
        self.state: ServerState = self._server.state
        self._running = asyncio.create_task(self._server.serve(sockets=[bind(settings)]))

    def _on_started(self, url: str) -> None:
        self.url = url
        self._started.set()

    async def start(self) -> None:
        """Wait until it takes connections."""
        await asyncio.wait_for(self._started.wait(), DEADLINE_S)

    async def stop(self) -> None:
        """Stop it and wait."""
        self._server.should_exit = True
        await asyncio.wait_for(asyncio.shield(self._running), DEADLINE_S)
