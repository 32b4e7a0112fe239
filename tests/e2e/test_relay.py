"""Two people whose networks reach the server but not each other: coturn relays their call."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confapp_process import Command, Process, Start

from benchmarks.network_namespace import network_namespace

SERVER = "10.78.0.1"  # of the middle, which forwards nothing
SIDES = ("ada", "ben")
SECRET = "t" * 32

Call = Callable[..., tuple[Process, Process]]

SCRIPT = f"""
echo 0 > /proc/sys/net/ipv4/ip_forward  # a new namespace may inherit the machine's 1
ip link set lo up
ip address add {SERVER}/32 dev lo
side() {{
  ip netns add $1
  ip link add to-$1 type veth peer name wan netns $1
  ip address add 10.78.$2.1/24 dev to-$1
  ip link set to-$1 up
  ip -n $1 link set lo up
  ip -n $1 address add 10.78.$2.2/24 dev wan
  ip -n $1 link set wan up
  ip -n $1 route add default via 10.78.$2.1
}}
side ada 1
side ben 2
"""


@pytest.fixture
def middle() -> Iterator[Command]:
    """Command prefix of the network between the two sides, which are namespaces in it."""
    with network_namespace(SCRIPT) as prefix:
        yield prefix


@contextmanager
def coturn(prefix: Command, secret: str = SECRET) -> Iterator[list[str]]:
    """A real TURN server; what it logged, once the context is left."""
    options = {
        "listening-ip": SERVER,
        "relay-ip": SERVER,
        "realm": "confapp",
        "static-auth-secret": secret,
        "log-file": "stdout",
        "pidfile": "/run/turnserver.pid",
        "user-quota": "8",
    }
    flags = ("-n", "--use-auth-secret", "--no-cli", "--no-tls", "--no-dtls", "--fingerprint", "-v")
    server = subprocess.Popen(
        [*prefix, "turnserver", *flags, *(f"--{name}={value}" for name, value in options.items())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    logged: list[str] = []
    try:
        yield logged
    finally:
        server.terminate()
        logged += server.communicate()[0].splitlines()


@pytest.fixture
def server(start: Start, middle: Command, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a signaling server in the middle that hands out credentials for coturn."""
    monkeypatch.setenv("CONFAPP_SIGNALING_TURN_URLS", f'["turn:{SERVER}:3478?transport=udp"]')
    monkeypatch.setenv("CONFAPP_SIGNALING_TURN_SECRET", SECRET)
    url = f"http://{SERVER}:8000"
    assert url in start("serve", "--host", SERVER, "--port", 8000, prefix=middle).line()
    return url


@pytest.fixture
def call(start: Start, middle: Command, server: str, model: Path, ada: Path) -> Call:
    """Two people on their way into one room."""

    def begin(seconds: int = 4) -> tuple[Process, Process]:
        link = start("room", server, prefix=middle).line().strip()
        options = ("--model", model, "--input", ada, "--loop", "--no-window", "--json")
        here, there = ((*middle, "ip", "netns", "exec", side) for side in SIDES)
        host = start("call", link, *options, prefix=here)
        host.wait_for("Waiting for the other person.")
        return host, start("call", link, *options, "--seconds", seconds, prefix=there)

    return begin


def test_coturn_relays_a_call_whose_direct_path_is_blocked(middle: Command, call: Call) -> None:
    with coturn(middle) as logged:
        host, guest = call()
        accounts = guest.account(), host.account()
    assert [account["end"] for account in accounts] == ["closed", "peer-left"]
    for account in accounts:
        assert account["receiver"]["rendered"] > 0
        assert account["wire_down_kbps"] > account["receiver"]["payload_kbps"] > 0
    allocations = [line for line in logged if "ALLOCATE processed, success" in line]
    assert len(allocations) == 2


def test_a_relay_that_dies_is_told_and_a_new_one_is_found(middle: Command, call: Call) -> None:
    with coturn(middle):
        people = call(seconds=3600)
        for person in people:
            person.wait_for("The call stands.")
    for person in people:
        person.wait_for("Looking for another way to the other person")
    with coturn(middle):
        for person in people:
            person.wait_for("The call is good again.")
        people[0].signal(signal.SIGINT)
        assert [person.account()["end"] for person in people] == ["closed", "peer-left"]


def test_without_a_relay_there_is_no_way_and_the_call_says_so(call: Call) -> None:
    host, guest = call()
    for person in (guest, host):
        assert "no way to them was found" in person.refusal()


def test_a_credential_that_coturn_does_not_take_is_no_hang(middle: Command, call: Call) -> None:
    with coturn(middle, secret="u" * 32) as logged:
        host, guest = call()
        for person in (guest, host):
            assert "no way to them was found" in person.refusal()
    assert not [line for line in logged if "ALLOCATE processed, success" in line]
