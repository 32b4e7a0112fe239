"""A tab of the page without a browser: what it sees, and what it says."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from confapp.page.page_link import PageLink

DEADLINE_S = 30


class Visitor:
    """Opens the page's WebSocket as a browser's tab does; `async with` closes it.

    Args:
        link: of the page.
        token, origin, host: other than the true ones, for a stranger.
        receipts: say of each picture that it was drawn.
    """

    def __init__(
        self,
        link: PageLink,
        *,
        token: str | None = None,
        origin: str | None = "",
        host: str | None = None,
        receipts: bool = True,
    ) -> None:
        self._link = link
        self._token = link.token if token is None else token
        self._origin = link.origin if origin == "" else origin
        self._host = host or link.host
        self._receipts = receipts
        self.events: list[dict[str, Any]] = []
        self.pictures: dict[int, list[bytes]] = {}
        self.close_code: int | None = None
        self._changed = asyncio.Condition()
        self._socket: ClientConnection
        self._reading: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            f"ws://{self._host}/ws",
            origin=self._origin,  # type: ignore[arg-type]
            host="127.0.0.1",
            port=self._link.port,
            max_size=None,
        )
        await self.say(json.dumps({"type": "open", "token": self._token}))
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        await self._reading

    async def say(self, message: str | bytes) -> None:
        """Send anything."""
        await self._socket.send(message)

    async def command(self, kind: str, **fields: Any) -> None:
        """Send a command."""
        await self.say(json.dumps({"type": kind, **fields}))

    @property
    def view(self) -> dict[str, Any]:
        """The last view; empty before the first."""
        views = [event for event in self.events if event["type"] == "view"]
        return views[-1] if views else {}

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Events of a type so far."""
        return [event for event in self.events if event["type"] == kind]

    async def until(self, reached: Callable[[], object]) -> None:
        """Wait until something is true."""
        async with asyncio.timeout(DEADLINE_S), self._changed:
            await self._changed.wait_for(lambda: bool(reached()))

    async def closed(self) -> int:
        """Wait until the page closes this tab; why."""
        await self.until(lambda: self.close_code is not None)
        assert self.close_code is not None
        return self.close_code

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                await self._take(message)
        except ConnectionClosed:
            pass
        async with self._changed:
            self.close_code = self._socket.close_code
            self._changed.notify_all()

    async def _take(self, message: str | bytes) -> None:
        async with self._changed:
            if isinstance(message, str):
                self.events.append(json.loads(message))
            else:
                self.pictures.setdefault(message[0], []).append(message[9:])
            self._changed.notify_all()
        if isinstance(message, bytes) and self._receipts:
            await self.say(message[:5])
