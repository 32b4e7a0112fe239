"""Two people on two networks: each in a network namespace of their own, joined by a link."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confapp_process import Command, Start

from benchmarks.network_namespace import HERE, LINKED, network_namespace


@pytest.fixture
def networks() -> Iterator[tuple[Command, Command]]:
    """Command prefixes that run something here and there."""
    with network_namespace(LINKED) as here:
        yield here, (*here, "ip", "netns", "exec", "there")


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
        assert one["receiver"]["rendered"] > 0
        assert one["receiver"]["received"] > 0
        assert one["receiver"]["received"] <= other["sender"]["sent"]
        assert one["wire_down_kbps"] > one["receiver"]["payload_kbps"] > 0
