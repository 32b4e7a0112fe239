"""The server as a server_process: where it listens, how it stops, what it does not log."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from confapp.errors import ConfappError
from signaling.server import bind, run, server_url
from signaling.settings import SignalingSettings

SERVE = (
    "from signaling.server import run; from signaling.settings import SignalingSettings; "
    "run(SignalingSettings(), lambda url: print(url, flush=True)); print('stopped')"
)
DEADLINE_S = 30


@pytest.fixture
def environment() -> dict[str, str]:
    return {"CONFAPP_SIGNALING_PORT": "0"}


@pytest.fixture
def server_process(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server_process:
        yield server_process
        server_process.kill()


def read_line(server_process: subprocess.Popen[str]) -> str:
    assert server_process.stdout is not None
    return server_process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_it_cleanly(server_process: subprocess.Popen[str], number: int) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", read_line(server_process))
    server_process.send_signal(number)
    output, _ = server_process.communicate(timeout=DEADLINE_S)
    assert server_process.returncode == 0
    assert output == "stopped\n"


@pytest.mark.parametrize(
    "environment", [{"CONFAPP_SIGNALING_PORT": "0", "CONFAPP_SIGNALING_JSON_LOGS": "true"}]
)
def test_neither_rooms_nor_descriptions_are_logged(server_process: subprocess.Popen[str]) -> None:
    server = read_line(server_process)
    created = httpx.post(f"{server}/rooms").json()
    httpx.get(created["url"])
    address = f"{server}/r/{created['room']}/ws".replace("http", "ws", 1)
    join = json.dumps({"type": "join", "token": created["guest_token"]})
    with connect(address) as first, connect(address) as second:
        for websocket in (first, second):
            websocket.send(join)
            assert "welcome" in websocket.recv()
        assert "peer-joined" in first.recv()
        first.send(json.dumps({"type": "description", "kind": "offer", "sdp": "a-secret"}))
        assert "a-secret" in second.recv()
        second.send("not a message")
        assert "bad-message" in second.recv()
        server_process.terminate()  # with a peer still there
        output, _ = server_process.communicate(timeout=DEADLINE_S)
    assert server_process.returncode == 0
    events = [json.loads(line)["event"] for line in output.splitlines()[:-1]]
    assert {"room-created", "request", "joined", "refused", "left", "lost"} == set(events)
    secrets = (created["room"], created["guest_token"], created["host_token"], "a-secret")
    for secret in (*secrets, "127.0.0.1"):
        assert secret not in output


def test_a_port_in_use_is_one_clear_error() -> None:
    with bind(SignalingSettings(port=0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfappError) as refused:
            run(SignalingSettings(port=port))
    assert refused.value.error_id == "port-in-use"
    assert str(port) in refused.value.message


def test_an_address_of_another_machine_is_one_clear_error() -> None:
    with pytest.raises(ConfappError) as refused:
        run(SignalingSettings(host="203.0.113.1", port=0))  # RFC 5737
    assert refused.value.error_id == "cannot-listen"


def test_the_url_is_one_that_can_be_opened() -> None:
    assert server_url("127.0.0.1", 8000) == "http://127.0.0.1:8000"
    assert server_url("::1", 8000) == "http://[::1]:8000"
    everywhere = server_url("0.0.0.0", 8000)  # noqa: S104 (nothing is bound)
    assert re.fullmatch(r"http://[1-9]\d*\.\d+\.\d+\.\d+:8000", everywhere)
