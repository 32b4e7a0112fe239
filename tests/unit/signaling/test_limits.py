"""Every limit is hit, answers with its error id, and leaves the others' rooms alone."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from room_visitor import (
    DEADLINE_S,
    OFFER,
    Visitors,
    assert_denied,
    assert_refused,
    receive,
    serving,
    types,
)
from websockets.asyncio.client import ClientConnection

from signaling.settings import SignalingSettings


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits() -> dict[str, Any]:
    return {}


@pytest.fixture
async def visitors(limits: dict[str, Any], clock: Clock) -> AsyncIterator[Visitors]:
    # Behind a proxy on this machine, so that visitors can come from several addresses.
    settings = SignalingSettings(port=0, trusted_proxies=["127.0.0.1"], **limits)
    async for visitors in serving(settings, clock):
        yield visitors


@pytest.fixture
async def others(visitors: Visitors) -> AsyncIterator[Callable[[], Any]]:
    """Two people in a room of their own, from another address; call it to see that they talk."""
    async with AsyncExitStack() as present:
        headers = from_address("192.0.2.1")
        room = (await visitors.request("POST", "/rooms", headers=headers)).json()
        pair: list[ClientConnection] = []
        for _ in range(2):
            opening = visitors.open(room["room"], additional_headers=headers)
            websocket = await present.enter_async_context(opening)
            await websocket.send(json.dumps({"type": "join", "token": room["guest_token"]}))
            assert await types(websocket, 1) == ["welcome"]
            pair.append(websocket)
        assert await types(pair[0], 1) == ["peer-joined"]

        async def talk() -> None:
            for sender, receiver in (pair, pair[::-1]):
                await sender.send(OFFER)
                assert await types(receiver, 1) == ["description"]

        yield talk
        await talk()


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


async def test_bytes_a_message(visitors: Visitors, others: Any) -> None:
    """The default: 64 KiB of UTF-8 are taken, and a byte more is not."""
    offer = json.loads(OFFER)
    room = 65536 - len(json.dumps(offer | {"sdp": ""}))
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        for sdp in (room * "x", (room - 2) * "x" + "é" + "x"):
            await websocket.send(json.dumps(offer | {"sdp": sdp}, ensure_ascii=False))
        await assert_refused(websocket, "too-large")


@pytest.mark.parametrize("limits", [{"messages_per_s": 1.0}])
async def test_messages_a_second(visitors: Visitors, others: Any, clock: Clock) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        for _ in range(3):
            await websocket.send(OFFER)
        await websocket.send(OFFER)
        await assert_refused(websocket, "too-many-messages")
    clock.now += 3


@pytest.mark.parametrize("limits", [{"joins_per_min": 3}])
async def test_joins_of_an_address(visitors: Visitors, others: Any, clock: Clock) -> None:
    for _ in range(3):
        async with visitors.open("x"):
            pass
    await assert_denied(visitors.open("x"), 429, "too-many-joins")
    clock.now += 20
    async with visitors.open("x"):
        pass


@pytest.mark.parametrize("limits", [{"rooms_per_min": 2}])
async def test_new_rooms_of_an_address(visitors: Visitors, others: Any, clock: Clock) -> None:
    await visitors.make_room()
    assert (await visitors.request("POST", "/")).status_code == 201
    for path in ("/rooms", "/"):
        refused = await visitors.request("POST", path)
        assert refused.status_code == 429
    assert (await visitors.make_room())["error_id"] == "too-many-new-rooms"
    assert (await visitors.request("POST", "/rooms", headers=from_address("::1"))).is_success
    clock.now += 30
    assert await visitors.make_room()


@pytest.mark.parametrize("limits", [{"rooms_per_address": 2}])
async def test_rooms_that_an_address_has(visitors: Visitors, others: Any) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await visitors.make_room()
        refused = await visitors.request("POST", "/rooms")
        assert (refused.status_code, refused.json()["error_id"]) == (429, "too-many-own-rooms")
        assert (await visitors.request("POST", "/", headers=from_address("::1"))).is_success


@pytest.mark.parametrize("limits", [{"max_rooms": 2}])
async def test_rooms_in_all(visitors: Visitors, others: Any) -> None:
    await visitors.make_room()
    refused = await visitors.request("POST", "/rooms")
    assert refused.status_code == 503
    assert refused.json()["error_id"] == "too-many-rooms"


@pytest.mark.parametrize("limits", [{"sockets_per_address": 2}])
async def test_sockets_of_an_address(visitors: Visitors, others: Any) -> None:
    async with visitors.open("x"), visitors.open("x"):
        await assert_denied(visitors.open("x"), 429, "too-many-sockets")
        elsewhere = from_address("2001:db8::1")
        async with visitors.open("x", additional_headers=elsewhere):
            pass


@pytest.mark.parametrize("limits", [{"max_sockets": 3}])
async def test_sockets_in_all(visitors: Visitors, others: Any) -> None:
    async with visitors.open("x"):
        await assert_denied(visitors.open("x"), 503, "server-full")


@pytest.mark.parametrize("limits", [{"handshake_s": 0.05}])
async def test_who_says_nothing_at_first(visitors: Visitors) -> None:
    async with visitors.open("x") as websocket:
        await assert_refused(websocket, "too-slow")


@pytest.mark.parametrize("limits", [{"handshake_s": 0.5}])
async def test_whose_request_never_ends(visitors: Visitors) -> None:
    """Its body was announced and does not come: no longer kept than a WebSocket without a word."""
    server = urlsplit(visitors.url)
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    writer.write(
        b"POST /rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\n\r\n{"
    )
    status = await asyncio.wait_for(reader.readline(), DEADLINE_S)
    assert b" 408 " in status
    answer = await asyncio.wait_for(reader.read(), DEADLINE_S)  # to the end of the connection
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error_id"] == "too-slow"
    writer.close()
    assert (await visitors.request("POST", "/rooms", json={})).is_success


@pytest.mark.parametrize("limits", [{"idle_s": 0.05}])
async def test_who_says_nothing_for_long(visitors: Visitors) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await assert_refused(websocket, "idle")


async def test_who_does_not_answer_pings_loses_the_seat() -> None:
    settings = SignalingSettings(port=0, ping_s=2.0, resume_s=0.05)
    async for visitors in serving(settings, time.time):
        room = await visitors.make_room()
        async with visitors.join(room) as present, visitors.join(room) as silent:
            token = (await receive(silent))["resume_token"]
            assert await types(present, 2) == ["welcome", "peer-joined"]
            silent.transport.pause_reading()  # a network that swallows everything
            assert await types(present, 1) == ["peer-left"]
            silent.transport.abort()
            async with visitors.join(room, resume_token=token) as back:
                await assert_refused(back, "seat-lost")


@pytest.mark.parametrize("limits", [{"allowed_origins": ["https://pages.example.org"]}])
async def test_web_origins(visitors: Visitors, others: Any) -> None:
    own = visitors.url
    for allowed in ("https://pages.example.org", own, own.replace("http", "https")):
        async with visitors.open("x", origin=allowed):
            pass
    for foreign in ("https://evil.example.org", "null", "https://pages.example.org.evil", own[:-1]):
        await assert_denied(visitors.open("x", origin=foreign), 403, "origin-refused")
        refused = await visitors.request("POST", "/rooms", headers={"Origin": foreign})
        assert (refused.status_code, refused.json()["error_id"]) == (403, "origin-refused")
    assert (await visitors.request("POST", "/", headers={"Origin": own})).is_success


@pytest.mark.parametrize("limits", [{"public_url": "https://calls.example.org/confapp"}])
async def test_with_a_public_url_the_host_header_makes_nobody_ours(visitors: Visitors) -> None:
    async with visitors.open("x", origin="https://calls.example.org"):
        pass
    await assert_denied(visitors.open("x", origin=visitors.url), 403, "origin-refused")
    created = (
        await visitors.request("POST", "/rooms", headers={"Host": "evil.example.org"})
    ).json()
    assert created["url"].startswith("https://calls.example.org/confapp/r/")
    headers = (await visitors.request("GET", "/")).headers
    assert headers["strict-transport-security"]


async def test_an_address_that_a_stranger_claims_counts_for_nothing(clock: Clock) -> None:
    settings = SignalingSettings(port=0, joins_per_min=1)
    async for visitors in serving(settings, clock):
        async with visitors.open("x", additional_headers=from_address("192.0.2.1")):
            pass
        again = visitors.open("x", additional_headers=from_address("192.0.2.2"))
        await assert_denied(again, 429, "too-many-joins")


@pytest.mark.parametrize("limits", [{"joins_per_min": 1}])
async def test_only_the_proxys_own_word_counts(visitors: Visitors) -> None:
    spoofed = from_address("192.0.2.1, 198.51.100.7")  # the client's claim, then the proxy's
    async with visitors.open("x", additional_headers=spoofed):
        pass
    again = visitors.open("x", additional_headers=from_address("192.0.2.2, 198.51.100.7"))
    await assert_denied(again, 429, "too-many-joins")


async def test_bodies(visitors: Visitors, others: Any) -> None:
    large = await visitors.request("POST", "/rooms", content=b"x" * 5000)
    assert (large.status_code, large.json()["error_id"]) == (413, "too-large")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"{}"

    unsaid = await visitors.request("POST", "/rooms", content=chunks())
    assert (unsaid.status_code, unsaid.json()["error_id"]) == (413, "too-large")
