"""Two people on two networks: each in a network namespace of their own, joined by a link."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from confapp_process import Command, Start

HERE, THERE = "10.77.0.1", "10.77.0.2"
PREFIX_LENGTH = 24

# Runs as root of its own user namespace, so that it needs no rights on the machine.
HOLDER = f"""
set -e
mount -t tmpfs tmpfs /run
ip netns add there
ip link add near type veth peer name far netns there
ip address add {HERE}/{PREFIX_LENGTH} dev near
ip link set near up
ip link set lo up
ip -n there address add {THERE}/{PREFIX_LENGTH} dev far
ip -n there link set far up
ip -n there link set lo up
echo ready
exec sleep infinity
"""


@pytest.fixture
def networks() -> Iterator[tuple[Command, Command]]:
    """Command prefixes that run something here and there."""
    with ExitStack() as held:
        holder = subprocess.Popen(
            ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", HOLDER],
            stdout=subprocess.PIPE,
            text=True,
        )
        held.callback(holder.wait)
        held.callback(holder.kill)
        assert holder.stdout is not None
        held.callback(holder.stdout.close)
        assert holder.stdout.readline() == "ready\n"
        enter = ("nsenter", "--target", f"{holder.pid}", "--user", "--net", "--mount")
        yield enter, (*enter, "ip", "netns", "exec", "there")


def test_a_second_person_joins_from_another_network(
    start: Start, networks: tuple[Command, Command], model: Path, ada: Path
) -> None:
    here, there = networks
    server = start("serve", "--host", HERE, "--port", 8000, prefix=here)
    assert f"http://{HERE}:8000" in server.line()
    link = start("room", f"http://{HERE}:8000", prefix=there).line().strip()

    options = ("--model", model, "--input", ada, "--loop", "--no-window", "--json")
    host = start("call", link, *options, prefix=here)
    host.wait_for("Waiting for the other person.")
    guest = start("call", link, *options, "--seconds", 4, prefix=there)

    accounts = guest.account(), host.account()
    assert [account["end"] for account in accounts] == ["closed", "peer-left"]
    for one, other in (accounts, accounts[::-1]):
        assert 0 < one["receiver"]["rendered"] <= one["receiver"]["received"]
        assert one["receiver"]["received"] <= other["sender"]["sent"]
        assert one["wire_down_kbps"] > one["receiver"]["payload_kbps"] > 0
