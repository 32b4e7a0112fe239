"""The client against servers that are not there, or not what they should be."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from confapp.call.signaling_client import SignalingClient, create_room
from confapp.errors import ConfappError
from signaling.messages import MAX_MESSAGE_BYTES, Description, IceServer, PeerJoined, Welcome

WELCOME = Welcome(seat=1, peer_present=True, ice_servers=[IceServer(urls=["stun:a"])])


@asynccontextmanager
async def serving(
    *messages: str, http: tuple[int, str] | None = None, code: int = 1000
) -> AsyncIterator[str]:
    """A server that says these things to whoever joins, or this to any HTTP request."""

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if http is None:
            return None
        return connection.respond(HTTPStatus(http[0]), http[1])

    async def speak(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        await connection.close(code)

    async with serve(speak, "127.0.0.1", 0, process_request=answer) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def refusal(attempt: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(ConfappError) as refused:
        await attempt()
    assert refused.value.message.endswith(".")
    return refused.value.error_id


@pytest.fixture
def nobody() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


async def test_nobody_there(nobody: str) -> None:
    assert await refusal(lambda: create_room(nobody)) == "server-unreachable"
    assert await refusal(lambda: SignalingClient.join(f"{nobody}/r/a")) == "server-unreachable"


async def test_what_is_no_address() -> None:
    assert await refusal(lambda: create_room("localhost")) == "bad-server-url"
    assert await refusal(lambda: SignalingClient.join("localhost")) == "bad-room-url"


@pytest.mark.parametrize(
    "body", [b"[]", b"welcome", b'{"url": "elsewhere"}', b'{"room": "/"}', b'{"room": "a"}']
)
@pytest.mark.parametrize("status", [b"200 OK", b"201 Created"])
async def test_a_room_of_another_kind_of_web_server(status: bytes, body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        length = str(len(body)).encode()
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: " + length + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        error_id = await refusal(lambda: create_room(f"http://{host}:{port}"))
    assert error_id == "not-a-signaling-server"


async def test_another_kind_of_web_server() -> None:
    async with serving(http=(404, "no such page")) as server:
        join = await refusal(lambda: SignalingClient.join(f"{server}/r/a"))
        assert join == "not-a-signaling-server"


@pytest.mark.parametrize("message", ["welcome", "[]", PeerJoined().model_dump_json()])
async def test_another_kind_of_websocket(message: str) -> None:
    async with serving(message) as server:
        join = await refusal(lambda: SignalingClient.join(f"{server}/r/a"))
        assert join == "not-a-signaling-server"


async def test_a_server_that_closes_at_once() -> None:
    async with serving() as server:
        assert await refusal(lambda: SignalingClient.join(f"{server}/r/a")) == "server-unreachable"


async def test_a_server_of_another_version() -> None:
    newer = json.dumps({**WELCOME.model_dump(), "version": 3})
    async with serving(newer) as server:
        join = await refusal(lambda: SignalingClient.join(f"{server}/r/a"))
        assert join == "signaling-version-mismatch"


@pytest.mark.parametrize(
    ("told", "raised"),
    [("room-full", "room-full"), ("room-not-found", "room-not-found"), ("x", "signaling-refused")],
)
async def test_refusals(told: str, raised: str) -> None:
    error = json.dumps({"version": 2, "type": "error", "error_id": told, "message": "\x1b[2J"})
    async with serving(error) as server:
        with pytest.raises(ConfappError) as refused:
            await SignalingClient.join(f"{server}/r/a")
    assert refused.value.error_id == raised
    assert "\x1b" not in refused.value.message


async def test_events_skip_what_cannot_be_read() -> None:
    offer = Description(kind="offer", sdp="v=0")
    said: list[Any] = [WELCOME, "noise", PeerJoined(), '{"type": "news"}', offer]
    texts = [item if isinstance(item, str) else item.model_dump_json() for item in said]
    async with serving(*texts) as server, await SignalingClient.join(f"{server}/r/a") as client:
        assert client.welcome == WELCOME
        assert [event async for event in client.events()] == [PeerJoined(), offer]
        assert client.malformed == 2
        await client.send_description("answer", "v=0")  # too late, and no error


async def test_an_oversized_message_is_named() -> None:
    async with (
        serving(WELCOME.model_dump_json(), code=1009) as server,
        await SignalingClient.join(f"{server}/r/a") as client,
    ):
        with pytest.raises(ConfappError) as refused:
            _ = [event async for event in client.events()]
    assert refused.value.error_id == "too-large"
    assert MAX_MESSAGE_BYTES == 64 * 1024
