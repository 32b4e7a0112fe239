"""People at a signaling server's door as it sees them: HTTP requests and bare WebSockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from signaling_service import SignalingService
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

DEADLINE_S = 20
OFFER = json.dumps({"type": "description", "kind": "offer", "sdp": "v=0"})


class Visitors:
    """Opens things on one server.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.request(method, self.url + path, **options)

    async def make_room(self, **wishes: Any) -> dict[str, Any]:
        return dict((await self.request("POST", "/rooms", json=wishes)).json())

    def open(self, room: str, **options: Any) -> connect:
        """A WebSocket on which nothing was said yet."""
        address = f"{self.url.replace('http', 'ws', 1)}/r/{room}/ws"
        return connect(address, open_timeout=DEADLINE_S, **options)

    @asynccontextmanager
    async def join(
        self, room: dict[str, Any], role: str = "guest", **join: Any
    ) -> AsyncIterator[ClientConnection]:
        """A WebSocket on which an invitation was shown, or `join` said."""
        async with self.open(room["room"]) as websocket:
            said = join or {"token": room[f"{role}_token"]}
            await websocket.send(json.dumps({"type": "join", **said}))
            yield websocket


async def serving(settings: Any, clock: Any) -> AsyncIterator[Visitors]:
    """Visitors at a new server, for fixtures."""
    service = SignalingService(settings, clock)
    await service.start()
    yield Visitors(service.url)
    await service.stop()


async def receive(websocket: ClientConnection) -> dict[str, Any]:
    received = await asyncio.wait_for(websocket.recv(), DEADLINE_S)
    return dict(json.loads(received))


async def types(websocket: ClientConnection, count: int) -> list[str]:
    return [(await receive(websocket))["type"] for _ in range(count)]


async def assert_refused(websocket: ClientConnection, error_id: str) -> None:
    """What comes next is this refusal, and then the end."""
    message = await receive(websocket)
    assert (message["type"], message.get("error_id")) == ("error", error_id)
    assert message["message"].endswith(".")
    with pytest.raises(ConnectionClosed) as closed:
        await receive(websocket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def assert_denied(opening: connect, status: int, error_id: str) -> None:
    """The WebSocket does not even open."""
    with pytest.raises(InvalidStatus) as denied:
        async with opening:
            pass
    assert denied.value.response.status_code == status
    assert json.loads(denied.value.response.body or b"")["error_id"] == error_id
