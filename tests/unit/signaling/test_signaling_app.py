"""The web application over HTTP and WebSocket, as a browser and a peer see it."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from room_visitor import (
    OFFER,
    Visitors,
    assert_denied,
    assert_refused,
    receive,
    serving,
    types,
)
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from signaling.messages import IceServer
from signaling.settings import SignalingSettings

STUN = IceServer(urls=["stun:stun.example.org:3478"])
SETTINGS = SignalingSettings(
    port=0,
    ice_servers=[STUN],
    turn_urls=["turn:turn.example.org"],
    turn_secret=SecretStr("north"),
    turn_credential_s=600,
    invitation_s=600.0,
    max_message_bytes=2000,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def visitors(clock: Clock) -> AsyncIterator[Visitors]:
    async for visitors in serving(SETTINGS, clock):
        yield visitors


def cut(websocket: ClientConnection) -> None:
    """Lose the connection without a goodbye."""
    websocket.transport.abort()


# Rooms


async def test_a_new_room_has_links_whose_page_says_how_to_join(visitors: Visitors) -> None:
    answer = await visitors.request("POST", "/rooms")
    assert answer.status_code == 201
    room = answer.json()
    address = f"{visitors.url}/r/{room['room']}"
    assert room["url"] == f"{address}#{room['guest_token']}"
    assert room["host_url"] == f"{address}#{room['host_token']}"
    assert room["expires_at"] == 1600
    page = await visitors.request("GET", f"/r/{room['room']}")
    assert page.status_code == 200
    assert f"confapp call {address}" in page.text
    assert room["guest_token"] not in page.text


async def test_a_room_by_the_page_shows_its_link_and_the_same_as_qr_code(
    visitors: Visitors,
) -> None:
    assert '<form method="post"' in (await visitors.request("GET", "/")).text
    page = await visitors.request("POST", "/")
    assert page.status_code == 201
    assert f"confapp call {visitors.url}/r/" in page.text
    assert "data:image/svg+xml" in page.text
    for asset in ("style.css", "room.js"):
        assert (await visitors.request("GET", f"/page/{asset}")).status_code == 200


async def test_the_page_of_a_wrong_link_says_so(visitors: Visitors) -> None:
    page = await visitors.request("GET", "/r/no-such-room")
    assert page.status_code == 404
    assert "There is no such room" in page.text


async def test_a_refused_body_is_not_repeated(visitors: Visitors) -> None:
    answer = await visitors.request("POST", "/rooms", json={"passphrase": "abc", "x": 1})
    assert answer.status_code == 422
    assert answer.json()["error_id"] == "bad-message"
    assert "abc" not in answer.text


async def test_health_and_readiness(visitors: Visitors) -> None:
    assert (await visitors.request("GET", "/healthz")).json() == {"status": "ok"}
    assert (await visitors.request("GET", "/readyz")).json() == {"status": "ready"}


async def test_every_answer_has_the_security_headers(visitors: Visitors) -> None:
    for path in ("/", "/healthz", "/r/no-such-room", "/page/room.js", "/nothing"):
        headers = (await visitors.request("GET", path)).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-request-id"]
        assert "server" not in headers


# Joining


async def test_welcome_tells_seat_peer_version_and_ice_servers(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room, "host") as first:
        welcome = await receive(first)
        assert welcome.pop("resume_token")
        stun, turn = welcome.pop("ice_servers")
        assert welcome == {
            "version": 2,
            "type": "welcome",
            "serial": 0,
            "seat": 0,
            "peer_present": False,
        }
        assert stun == STUN.model_dump()
        assert turn["urls"] == SETTINGS.turn_urls
        assert turn["username"].startswith("1600:")
        async with visitors.join(room) as second:
            welcome = await receive(second)
            assert (welcome["seat"], welcome["peer_present"]) == (1, True)
            joined = await receive(first)
            assert joined["type"] == "peer-joined"
            assert joined["ice_servers"][1]["username"] != turn["username"]


async def test_descriptions_are_relayed_both_ways(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first, visitors.join(room) as second:
        assert await types(first, 2) == ["welcome", "peer-joined"]
        assert await types(second, 1) == ["welcome"]
        await first.send(OFFER)
        assert await receive(second) == {"version": 2, "serial": 1, "offer": ""} | json.loads(OFFER)
        await second.send(OFFER.replace("offer", "answer"))
        assert (await receive(first))["kind"] == "answer"


async def test_who_stays_hears_that_the_other_left(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first:
        assert await types(first, 1) == ["welcome"]
        async with visitors.join(room) as second:
            assert await types(second, 1) == ["welcome"]
        assert await types(first, 2) == ["peer-joined", "peer-left"]


async def test_a_wrong_room_is_refused(visitors: Visitors) -> None:
    async with visitors.join({"room": "no-such-room", "guest_token": "x"}) as websocket:
        await assert_refused(websocket, "room-not-found")


async def test_a_websocket_elsewhere_does_not_open(visitors: Visitors) -> None:
    await assert_denied(visitors.open("x/y"), 404, "room-not-found")


async def test_without_a_good_invitation_nobody_comes_in(visitors: Visitors, clock: Clock) -> None:
    room, other = await visitors.make_room(), await visitors.make_room()
    for token in ("", "x", other["guest_token"], room["guest_token"][:-2]):
        async with visitors.join(room, token=token) as websocket:
            await assert_refused(websocket, "invitation-invalid")
    clock.now += 600
    async with visitors.join(room) as websocket:
        await assert_refused(websocket, "invitation-expired")


async def test_a_passphrase_is_asked_of_both(visitors: Visitors) -> None:
    room = await visitors.make_room(passphrase="open sesame")
    for role in ("host", "guest"):
        token = room[f"{role}_token"]
        for wrong in ({}, {"passphrase": "open barley"}):
            async with visitors.join(room, token=token, **wrong) as websocket:
                await assert_refused(websocket, "passphrase-wrong")
        async with visitors.join(room, token=token, passphrase="open sesame") as websocket:
            assert await types(websocket, 1) == ["welcome"]


async def test_a_third_person_is_refused_and_the_two_stay(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first, visitors.join(room) as second:
        assert await types(first, 2) == ["welcome", "peer-joined"]
        async with visitors.join(room) as third:
            await assert_refused(third, "room-full")
        assert await types(second, 1) == ["welcome"]
        await first.send(OFFER)
        assert await types(second, 1) == ["description"]


async def test_the_lobby_opens_at_the_hosts_word(visitors: Visitors) -> None:
    room = await visitors.make_room(lobby=True)
    async with visitors.join(room) as guest, visitors.join(room, "host") as host:
        assert await types(guest, 1) == ["lobby"]
        assert await types(host, 1) == ["welcome"]
        knock = await receive(host)
        await host.send(json.dumps({"type": "admit", "guest": knock["guest"], "admit": True}))
        welcome = await receive(guest)
        assert (welcome["type"], welcome["seat"], welcome["peer_present"]) == ("welcome", 1, True)
        assert welcome["ice_servers"]
        assert await types(host, 1) == ["peer-joined"]
        async with visitors.join(room) as another:
            assert await types(another, 1) == ["lobby"]
            knock = await receive(host)
            await host.send(json.dumps({"type": "admit", "guest": knock["guest"], "admit": False}))
            await assert_refused(another, "not-admitted")


# Resuming


async def test_who_is_cut_off_takes_up_the_seat_and_what_was_said(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first:
        async with visitors.join(room) as second:
            token = (await receive(second))["resume_token"]
            assert await types(first, 2) == ["welcome", "peer-joined"]
            cut(second)
        await first.send(OFFER)
        async with visitors.join(room, resume_token=token, serial=0) as again:
            welcome = await receive(again)
            assert (welcome["seat"], welcome["peer_present"]) == (1, True)
            assert await types(again, 1) == ["description"]
            await again.send(OFFER)
            assert await types(first, 1) == ["description"]  # and no word of the break


async def test_a_resume_takes_over_from_a_connection_that_only_seems_alive(
    visitors: Visitors,
) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first:
        token = (await receive(first))["resume_token"]
        async with visitors.join(room, resume_token=token) as again:
            assert await types(again, 1) == ["welcome"]
            await assert_refused(first, "seat-taken-over")


async def test_who_left_cannot_resume(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as stays:
        assert await types(stays, 1) == ["welcome"]
        async with visitors.join(room) as first:
            token = (await receive(first))["resume_token"]
        assert await types(stays, 2) == ["peer-joined", "peer-left"]
        for wrong in (token, "x", ""):
            async with visitors.join(room, resume_token=wrong) as again:
                await assert_refused(again, "seat-lost")


async def test_a_resume_token_opens_no_other_room(visitors: Visitors) -> None:
    room, other = await visitors.make_room(), await visitors.make_room()
    async with visitors.join(room) as first:
        token = (await receive(first))["resume_token"]
        async with visitors.join(other, resume_token=token) as again:
            await assert_refused(again, "seat-lost")


# Bad messages


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "[]",
        "{}",
        OFFER.replace("offer", "pranswer"),
        OFFER.replace("{", '{"version": 1, '),
        OFFER.replace("description", "welcome"),
        json.dumps({"type": "description", "kind": "offer"}),
        json.dumps({"type": "join"}),
        json.dumps({"type": "admit", "guest": "x", "admit": True}),  # from a guest
        OFFER.encode(),
    ],
)
async def test_bad_messages_are_refused(visitors: Visitors, message: str | bytes) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await websocket.send(message)
        await assert_refused(websocket, "bad-message")


async def test_text_that_is_not_utf8_ends_the_connection(visitors: Visitors) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await websocket.send(b"\xff", text=True)
        with pytest.raises(ConnectionClosed):
            await receive(websocket)


async def test_nothing_may_be_said_before_the_join(visitors: Visitors) -> None:
    room = await visitors.make_room()
    async with visitors.open(room["room"]) as websocket:
        await websocket.send(OFFER)
        await assert_refused(websocket, "bad-message")


async def test_too_large_messages_are_refused_and_the_seat_is_free_again(
    visitors: Visitors,
) -> None:
    room = await visitors.make_room()
    async with visitors.join(room) as first:
        assert await types(first, 1) == ["welcome"]
        async with visitors.join(room) as second:
            assert await types(second, 1) == ["welcome"]
            await second.send(OFFER.replace("v=0", "é" * 1000))  # 2000 bytes and some
            await assert_refused(second, "too-large")
        assert await types(first, 2) == ["peer-joined", "peer-left"]


async def test_far_too_large_messages_are_cut_off(visitors: Visitors) -> None:
    async with visitors.join(await visitors.make_room()) as websocket:
        assert await types(websocket, 1) == ["welcome"]
        await websocket.send(OFFER.replace("v=0", "x" * 10_000))
        with pytest.raises(ConnectionClosed) as closed:
            await receive(websocket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_room_that_nobody_used_for_long_is_gone(visitors: Visitors, clock: Clock) -> None:
    room = await visitors.make_room()
    clock.now += SETTINGS.room_expiry_s
    async with visitors.join(room) as websocket:
        await assert_refused(websocket, "room-not-found")


def test_signaling_needs_neither_torch_nor_aiortc() -> None:
    code = (
        "import sys, signaling.app, signaling.server; "
        "print([name for name in ('torch', 'aiortc', 'numpy', 'cv2') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
