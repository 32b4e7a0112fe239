"""What operators see and do: metrics, readiness, draining, checking a configuration."""

import asyncio
import json
import logging
import socket
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from room_visitor import OFFER, Visitors, assert_denied, receive, types
from signaling_service import SignalingService
from websockets.exceptions import ConnectionClosed

from confapp.errors import ConfappError
from signaling.configuration_check import NO_PRODUCTION, NO_PROXY, NO_TURN, check_configuration
from signaling.journal import JsonFormatter
from signaling.room import Room
from signaling.server import SignalingServer
from signaling.settings import SignalingSettings

DEADLINE_S = 20


@pytest.fixture
async def service() -> SignalingService:
    service = SignalingService()
    await service.start()
    return service


async def test_draining_tells_everybody_and_lets_nobody_in(service: SignalingService) -> None:
    visitors = Visitors(service.url)
    room = await visitors.make_room()
    async with visitors.join(room) as first, visitors.join(room) as second:
        assert await types(first, 2) == ["welcome", "peer-joined"]
        assert await types(second, 1) == ["welcome"]
        service.state.doorkeeper.leaving = True
        ready = await visitors.request("GET", "/readyz")
        assert (ready.status_code, ready.json()["error_id"]) == (503, "server-leaving")
        assert (await visitors.request("GET", "/healthz")).status_code == 200
        assert (await visitors.request("POST", "/rooms")).status_code == 503
        await assert_denied(visitors.open(room["room"]), 503, "server-leaving")
        stopping = asyncio.create_task(service.stop())
        for websocket in (first, second):
            assert await types(websocket, 1) == ["server-leaving"]
            with pytest.raises(ConnectionClosed) as closed:
                await receive(websocket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        await stopping


async def test_metrics_count_what_happens_on_a_port_of_their_own() -> None:
    settings = SignalingSettings(port=0, metrics_port=0)
    server = SignalingServer(settings)
    port = server.serve_metrics(settings)
    try:
        metrics = server.state.metrics
        metrics.joins.inc()
        metrics.refusals.labels("room-full").inc()
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(f"http://127.0.0.1:{port.port}/metrics")).text
        assert "confapp_joins_total 1.0" in text
        assert 'confapp_refusals_total{error_id="room-full"} 1.0' in text
    finally:
        port.close()


async def test_figures_follow_a_pairing(service: SignalingService) -> None:
    visitors, metrics = Visitors(service.url), service.state.metrics

    def figure(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    room = await visitors.make_room()
    async with visitors.join(room) as first, visitors.join(room) as second:
        assert await types(first, 2) == ["welcome", "peer-joined"]
        assert await types(second, 1) == ["welcome"]
        assert figure("confapp_sockets") == 2
        async with visitors.join(room) as third:
            assert (await receive(third))["error_id"] == "room-full"
    await visitors.request("GET", "/r/x")
    assert figure("confapp_rooms_created_total") == 1
    assert figure("confapp_joins_total") == 2
    assert figure("confapp_pairings_total") == 1
    assert figure("confapp_refusals_total", error_id="room-full") == 1
    assert figure("confapp_refusals_total", error_id="room-not-found") == 1
    await service.stop()
    assert figure("confapp_sockets") == 0


def test_a_port_for_metrics_that_is_taken_is_one_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = SignalingSettings(metrics_port=taken.getsockname()[1])
        with pytest.raises(ConfappError) as refused:
            SignalingServer(settings).serve_metrics(settings)
    assert refused.value.error_id == "port-in-use"


def test_a_line_of_the_journal_is_json() -> None:
    record = logging.LogRecord("signaling", logging.INFO, "", 0, "joined", (), None)
    record.fields = {"room": "abc"}
    line = json.loads(JsonFormatter().format(record))
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "event": "joined", "room": "abc"}


def test_a_configuration_is_checked_without_telling_secrets() -> None:
    said = check_configuration(SignalingSettings())
    assert said[1:] == [NO_PRODUCTION, NO_TURN]
    secret = SecretStr("hunter2" * 5)
    full = SignalingSettings(
        production=True,
        public_url="https://calls.example.org",
        secret=secret,
        turn_urls=["turn:turn.example.org"],
        turn_secret=secret,
    )
    assert check_configuration(full)[1:] == [NO_PROXY]


async def test_a_fault_ends_one_connection_and_is_written_down(
    service: SignalingService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visitors = Visitors(service.url)
    room, other = await visitors.make_room(), await visitors.make_room()
    async with visitors.join(room) as unlucky, visitors.join(other) as lucky:
        for websocket in (unlucky, lucky):
            assert await types(websocket, 1) == ["welcome"]
        update = service.state.store.update

        async def break_once(*arguments: Any) -> Any:
            monkeypatch.setattr(service.state.store, "update", update)
            raise RuntimeError("a bug")

        monkeypatch.setattr(service.state.store, "update", break_once)
        await unlucky.send(OFFER)
        with pytest.raises(ConnectionClosed) as closed:
            await receive(unlucky)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code != 1000  # so that clients come back
        assert "a bug" in caplog.text
        async with visitors.join(other):
            assert await types(lucky, 1) == ["peer-joined"]
    await service.stop()


async def test_who_left_is_gone_even_if_a_library_swallows_a_cancellation(
    service: SignalingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors, store = Visitors(service.url), service.state.store
    find, looking, swallowed = store.find, asyncio.Event(), asyncio.Event()

    async def find_swallowing(room_id: str) -> Room:
        looking.set()
        try:
            await swallowed.wait()
        except asyncio.CancelledError:
            swallowed.set()
        return await find(room_id)

    room = await visitors.make_room()
    async with visitors.join(room) as stays:
        async with visitors.join(room) as leaves:
            assert await types(stays, 2) == ["welcome", "peer-joined"]
            assert await types(leaves, 1) == ["welcome"]
            monkeypatch.setattr(store, "find", find_swallowing)
            store.bells.ring(room["room"])
            await looking.wait()
        assert await types(stays, 1) == ["peer-left"]
        assert swallowed.is_set()
    await service.stop()
