"""Several servers that share their rooms in a real Redis."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from redis_process import RedisProcess
from room_visitor import (
    OFFER,
    Visitors,
    assert_denied,
    assert_refused,
    receive,
    types,
)
from signaling_service import SignalingService
from tcp_balancer import TcpBalancer

from confapp.call.signaling_client import SignalingClient, create_room
from confapp.errors import ConfappError
from signaling.messages import Description, PeerJoined
from signaling.redis_store import RedisRoomStore
from signaling.room import Room
from signaling.settings import SignalingSettings

DEADLINE_S = 30
SECRET = "s" * 32
EXPIRY_S = 60.0
SERVE = (
    "from signaling.server import run; from signaling.settings import SignalingSettings; "
    "run(SignalingSettings.from_flags(port=0), lambda url: print(url, flush=True))"
)


@pytest.fixture
def redis() -> Iterator[RedisProcess]:
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        process = RedisProcess(Path(folder))
        process.start()
        yield process
        process.stop()


@pytest.fixture
async def store(redis: RedisProcess) -> AsyncIterator[RedisRoomStore]:
    store = RedisRoomStore(
        redis.url, max_rooms=3, rooms_per_maker=2, expiry_s=EXPIRY_S, clock=time.time
    )
    await store.start()
    yield store
    await store.stop()


@pytest.fixture
async def pair(redis: RedisProcess) -> AsyncIterator[tuple[SignalingService, SignalingService]]:
    """Two servers on one store."""
    async with pair_of(redis) as services:
        yield services


@asynccontextmanager
async def pair_of(
    redis: RedisProcess, clock: Callable[[], float] = time.time, **limits: Any
) -> AsyncIterator[tuple[SignalingService, SignalingService]]:
    store, secret = SecretStr(redis.url), SecretStr(SECRET)
    settings = SignalingSettings(port=0, store=store, secret=secret, **limits)
    services = SignalingService(settings, clock), SignalingService(settings, clock)
    for service in services:
        await service.start()
    try:
        yield services
    finally:
        for service in services:
            await service.stop()


@pytest.mark.parametrize(
    ("limits", "error_id"),
    [
        ({"rooms_per_min": 2}, "too-many-new-rooms"),
        ({"rooms_per_address": 2}, "too-many-own-rooms"),
    ],
)
async def test_an_address_has_one_share_of_rooms_at_all_servers(
    redis: RedisProcess, limits: dict[str, Any], error_id: str
) -> None:
    async with pair_of(redis, noon, **limits) as services:
        both = [Visitors(service.url) for service in services]
        for visitors in both:
            assert (await visitors.make_room())["room"]
        for visitors in both:
            assert (await visitors.make_room())["error_id"] == error_id


async def test_an_address_has_one_share_of_joins_at_all_servers(redis: RedisProcess) -> None:
    async with pair_of(redis, noon, joins_per_min=2) as services:
        both = [Visitors(service.url) for service in services]
        for visitors in both:
            async with visitors.open("x"):
                pass
        for visitors in both:
            await assert_denied(visitors.open("x"), 429, "too-many-joins")


@pytest.fixture
def servers(redis: RedisProcess) -> Iterator[list[subprocess.Popen[str]]]:
    """The same as processes of their own, which can be killed."""
    environment = os.environ | {
        "CONFAPP_SIGNALING_STORE": redis.url,
        "CONFAPP_SIGNALING_SECRET": SECRET,
        "CONFAPP_SIGNALING_JOINS_PER_MIN": "1000",
    }
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    yield servers
    for server in servers:
        server.kill()
        server.communicate()


def noon() -> float:
    """A clock that stands, so that no minute ends within a test."""
    return 43_200.0


def refusal(error: pytest.ExceptionInfo[ConfappError]) -> str:
    return error.value.error_id


async def test_rooms_are_kept_bounded_and_found(store: RedisRoomStore) -> None:
    for room_id in "abc":
        await store.add(Room(id=room_id, maker=room_id, lobby=True))
    assert (await store.find("b")).lobby
    for attempt, error_id in (
        (store.add(Room(id="d")), "too-many-rooms"),
        (store.find("d"), "room-not-found"),
        (store.update("d", lambda _: None), "room-not-found"),
    ):
        with pytest.raises(ConfappError) as refused:
            await attempt
        assert refusal(refused) == error_id


async def test_a_maker_has_some_rooms_however_many_are_asked_for_at_once(
    store: RedisRoomStore,
) -> None:
    asked = await asyncio.gather(
        *(store.add(Room(id=room_id, maker="ada")) for room_id in "abcdef"),
        return_exceptions=True,
    )
    refused = {answer.error_id for answer in asked if isinstance(answer, ConfappError)}
    assert refused == {"too-many-own-rooms"}
    kept = sum(answer is None for answer in asked)
    assert kept <= 2
    for room_id in "gh"[kept:]:
        await store.add(Room(id=room_id, maker="ada"))
    await store.add(Room(id="i", maker="ben"))


async def test_a_room_expires_by_itself(redis: RedisProcess) -> None:
    now = [1000.0]
    store = RedisRoomStore(
        redis.url, max_rooms=1, rooms_per_maker=9, expiry_s=0.05, clock=lambda: now[0]
    )
    await store.add(Room(id="a"))
    with pytest.raises(ConfappError) as refused:
        await store.add(Room(id="b"))
    assert refusal(refused) == "too-many-rooms"
    now[0] += 0.05
    await store.add(Room(id="b"))
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ConfappError):
            while await store.find("a"):  # noqa: ASYNC110 (Redis forgets it on a clock of its own)
                await asyncio.sleep(0.01)
    await store.stop()


async def test_changes_at_the_same_time_are_all_made(store: RedisRoomStore) -> None:
    await store.add(Room(id="a"))
    offer = Description(kind="offer", sdp="v=0")

    def take_both(room: Room) -> list[str]:
        return [
            room.join(host=False, resume_token=name, expires_at=time.time() + EXPIRY_S).id
            for name in ("ada", "ben")
        ]

    ada, ben = await store.update("a", take_both)
    await asyncio.gather(
        *(store.update("a", lambda room: room.relay(ada, 1, offer)) for _ in range(10)),
        *(store.update("a", lambda room: room.relay(ben, 1, offer)) for _ in range(10)),
    )
    seats = {seat.id: seat.serial for seat in (await store.find("a")).seats}
    assert seats == {ada: 11, ben: 10}  # Ada heard of Ben's coming as well


async def test_a_refused_change_changes_nothing(store: RedisRoomStore) -> None:
    await store.add(Room(id="a"))
    with pytest.raises(ConfappError) as refused:
        await store.update("a", lambda room: room.resume("x", 0.0))
    assert refusal(refused) == "seat-lost"
    assert (await store.find("a")).seats == []


async def test_two_people_at_two_servers_meet(
    pair: tuple[SignalingService, SignalingService],
) -> None:
    here, there = (Visitors(service.url) for service in pair)
    room = await here.make_room(lobby=True)
    async with there.join(room) as guest, here.join(room, "host") as host:
        assert await types(guest, 1) == ["lobby"]
        assert await types(host, 1) == ["welcome"]
        knock = await receive(host)
        await host.send(json.dumps({"type": "admit", "guest": knock["guest"], "admit": True}))
        assert await types(guest, 1) == ["welcome"]
        assert await types(host, 1) == ["peer-joined"]
        for sender, receiver in ((host, guest), (guest, host)):
            await sender.send(OFFER)
            assert await types(receiver, 1) == ["description"]
    async with asyncio.timeout(DEADLINE_S):  # a goodbye is answered before the seat is free
        while (await pair[0].state.store.find(room["room"])).seats:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    async with there.join(room, "host") as again:
        assert not (await receive(again))["peer_present"]


async def test_an_outage_of_the_store_is_said_and_waited_out(
    pair: tuple[SignalingService, SignalingService], redis: RedisProcess
) -> None:
    visitors = Visitors(pair[0].url)
    room = await visitors.make_room()
    assert (await visitors.request("GET", "/readyz")).status_code == 200
    async with visitors.join(room) as seated:
        assert await types(seated, 1) == ["welcome"]
        redis.stop()
        ready = await visitors.request("GET", "/readyz")
        assert (ready.status_code, ready.json()["error_id"]) == (503, "store-unavailable")
        refused = await visitors.make_room()
        assert refused["error_id"] == "store-unavailable"
        async with visitors.join(room) as websocket:
            await assert_refused(websocket, "store-unavailable")
        redis.start()
        # What this Redis kept is gone with it; who sat there is told as soon as it is back.
        await assert_refused(seated, "room-not-found")
    assert (await visitors.request("GET", "/readyz")).status_code == 200


@pytest.mark.parametrize("how", ["kill", "terminate"])
async def test_a_server_that_goes_takes_nobody_along(
    servers: list[subprocess.Popen[str]], how: str
) -> None:
    """Clients come back through the balancer to the server that is left, and go on talking."""
    ports = [int(server.stdout.readline().rpartition(":")[2]) for server in servers]  # type: ignore[union-attr]
    balancer = TcpBalancer(ports)
    url = await balancer.start()
    async with AsyncExitStack() as present:
        present.push_async_callback(balancer.stop)
        pairs: list[tuple[SignalingClient, SignalingClient]] = []
        for _ in range(5):
            room = await create_room(url)
            pairs.append(
                (
                    await present.enter_async_context(await SignalingClient.join(room)),
                    await present.enter_async_context(await SignalingClient.join(room)),
                )
            )
        events = {client: client.events() for client in itertools.chain(*pairs)}
        async with asyncio.timeout(DEADLINE_S):
            for ada, _ in pairs:
                assert isinstance(await anext(events[ada]), PeerJoined)
            getattr(servers[0], how)()
            await asyncio.to_thread(servers[0].wait)  # what is heard from now on comes by the other
            talking = (
                talk(events, sender, receiver)
                for one, other in pairs
                for sender, receiver in ((one, other), (other, one))
            )
            await asyncio.gather(*talking)


async def talk(
    events: Mapping[SignalingClient, AsyncIterator[object]],
    sender: SignalingClient,
    receiver: SignalingClient,
) -> None:
    """Say something until it arrives: what went into a dying socket is lost."""
    hearing = asyncio.create_task(hear(events[receiver]))
    while not hearing.done():
        await sender.send_description("offer", "v=0")
        await asyncio.wait({hearing}, timeout=0.5)
    await hearing


async def hear(events: AsyncIterator[object]) -> None:
    """Wait for a description; who came back is welcomed first."""
    async for event in events:
        if isinstance(event, Description):
            return
    raise AssertionError("the server is lost for good")
