"""The web application over HTTP and WebSocket, as a browser and a peer see it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from signaling.messages import IceServer
from signaling.server import SignalingServer, bind
from signaling.settings import SignalingSettings

DEADLINE_S = 10
STUN = IceServer(urls=["stun:stun.example.org:3478"])
SETTINGS = SignalingSettings(port=0, ice_servers=[STUN], max_rooms=2, max_message_bytes=2000)
OFFER = json.dumps({"type": "description", "kind": "offer", "sdp": "v=0"})


class Served:
    """A server on a free port, and the hands of its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.url = ""
        self.started = asyncio.Event()

    def on_started(self, url: str) -> None:
        self.url = url
        self.started.set()

    async def post_room(self) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.post(f"{self.url}/rooms")

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(self.url + path)

    async def make_room(self) -> str:
        return str((await self.post_room()).json()["room"])

    def join(self, room: str) -> connect:
        return connect(f"{self.url.replace('http', 'ws', 1)}/r/{room}/ws")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    served = Served()
    listener = bind(SETTINGS)
    server = SignalingServer(SETTINGS, served.on_started, clock=lambda: served.now)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait_for(served.started.wait(), DEADLINE_S)
    yield served
    server.should_exit = True
    await asyncio.wait_for(running, DEADLINE_S)


async def receive(websocket: ClientConnection) -> dict[str, Any]:
    received = await asyncio.wait_for(websocket.recv(), DEADLINE_S)
    return dict(json.loads(received))


async def types(websocket: ClientConnection, count: int) -> list[str]:
    return [(await receive(websocket))["type"] for _ in range(count)]


async def assert_refused(websocket: ClientConnection, error_id: str) -> None:
    message = await receive(websocket)
    assert (message["type"], message["error_id"]) == ("error", error_id)
    assert message["message"].endswith(".")
    with pytest.raises(ConnectionClosed):
        await receive(websocket)


async def test_a_new_room_has_a_link_whose_page_says_how_to_join(served: Served) -> None:
    answer = await served.post_room()
    assert answer.status_code == 201
    created = answer.json()
    assert created["url"] == f"{served.url}/r/{created['room']}"
    page = await served.get(f"/r/{created['room']}")
    assert page.status_code == 200
    assert f"confapp call {created['url']}" in page.text


async def test_the_page_of_a_wrong_link_says_so(served: Served) -> None:
    page = await served.get("/r/no-such-room")
    assert page.status_code == 404
    assert "There is no such room" in page.text


async def test_health(served: Served) -> None:
    assert (await served.get("/healthz")).json() == {"status": "ok"}


async def test_too_many_rooms(served: Served) -> None:
    await served.make_room()
    await served.make_room()
    answer = await served.post_room()
    assert answer.status_code == 503
    assert answer.json()["error_id"] == "too-many-rooms"


async def test_welcome_tells_seat_peer_version_and_ice_servers(served: Served) -> None:
    room = await served.make_room()
    async with served.join(room) as first:
        assert await receive(first) == {
            "version": 1,
            "type": "welcome",
            "seat": 0,
            "peer_present": False,
            "ice_servers": [STUN.model_dump()],
        }
        async with served.join(room) as second:
            welcome = await receive(second)
            assert (welcome["seat"], welcome["peer_present"]) == (1, True)
            assert await types(first, 1) == ["peer-joined"]


async def test_descriptions_are_relayed_both_ways(served: Served) -> None:
    room = await served.make_room()
    async with served.join(room) as first, served.join(room) as second:
        assert await types(first, 2) == ["welcome", "peer-joined"]
        assert await types(second, 1) == ["welcome"]
        await first.send(OFFER)
        assert await receive(second) == {"version": 1} | json.loads(OFFER)
        await second.send(OFFER.replace("offer", "answer"))
        assert (await receive(first))["kind"] == "answer"


async def test_who_stays_hears_that_the_other_left(served: Served) -> None:
    room = await served.make_room()
    async with served.join(room) as first:
        assert await types(first, 1) == ["welcome"]
        async with served.join(room) as second:
            assert await types(second, 1) == ["welcome"]
        assert await types(first, 2) == ["peer-joined", "peer-left"]


async def test_a_wrong_room_is_refused(served: Served) -> None:
    async with served.join("no-such-room") as websocket:
        await assert_refused(websocket, "room-not-found")


async def test_a_third_person_is_refused_and_the_two_stay(served: Served) -> None:
    room = await served.make_room()
    async with served.join(room) as first, served.join(room) as second:
        async with served.join(room) as third:
            await assert_refused(third, "room-full")
        assert await types(second, 1) == ["welcome"]
        await first.send(OFFER)
        assert await types(second, 1) == ["description"]


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "[]",
        "{}",
        OFFER.replace("offer", "pranswer"),
        OFFER.replace("{", '{"version": 2, '),
        OFFER.replace("description", "welcome"),
        json.dumps({"type": "description", "kind": "offer"}),
        OFFER.encode(),
    ],
)
async def test_bad_messages_are_refused(served: Served, message: str | bytes) -> None:
    async with served.join(await served.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await websocket.send(message)
        await assert_refused(websocket, "bad-message")


async def test_too_large_messages_are_refused_and_the_seat_is_free_again(served: Served) -> None:
    room = await served.make_room()
    async with served.join(room) as first:
        assert await types(first, 1) == ["welcome"]
        async with served.join(room) as second:
            assert await types(second, 1) == ["welcome"]
            await second.send(OFFER.replace("v=0", "é" * 1000))  # 2000 bytes and some
            await assert_refused(second, "too-large")
        assert await types(first, 2) == ["peer-joined", "peer-left"]


async def test_far_too_large_messages_are_cut_off(served: Served) -> None:
    async with served.join(await served.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await websocket.send(OFFER.replace("v=0", "x" * 10_000))
        with pytest.raises(ConnectionClosed) as closed:
            await receive(websocket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_room_that_was_empty_for_long_is_gone(served: Served) -> None:
    room = await served.make_room()
    served.now = SETTINGS.room_expiry_s
    async with served.join(room) as websocket:
        await assert_refused(websocket, "room-not-found")


def test_signaling_needs_neither_torch_nor_aiortc() -> None:
    code = (
        "import sys, signaling.app, signaling.server; "
        "print([name for name in ('torch', 'aiortc', 'numpy', 'cv2') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
