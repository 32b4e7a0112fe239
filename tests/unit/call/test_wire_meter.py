"""The meter against datagrams counted by the socket at the other end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aioice import stun
from aioice.candidate import Candidate
from aioice.ice import StunProtocol

from confapp.call.statistics import CallStatistics
from confapp.call.wire_meter import datagram_bytes, tap

DEADLINE_S = 10


class Connection:
    """As much of an aioice connection as its protocols see."""

    def __init__(self) -> None:
        self.data: asyncio.Queue[bytes] = asyncio.Queue()
        self.requests: asyncio.Queue[stun.Message] = asyncio.Queue()

    def data_received(self, data: bytes, _component: int) -> None:
        self.data.put_nowait(data)

    def request_received(self, message: stun.Message, _addr: Any, _protocol: Any) -> None:
        self.requests.put_nowait(message)

    def protocol_lost(self, protocol: StunProtocol) -> None:
        pass


class Metered:
    """A tapped protocol on a real socket, and a plain socket to talk to it."""

    def __init__(self, protocol: StunProtocol, connection: Connection, peer: socket.socket) -> None:
        self.protocol = protocol
        self.connection = connection
        self.peer = peer
        self.statistics = CallStatistics()
        tap([protocol], self.statistics)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.protocol.transport.get_extra_info("sockname")[:2]
        return host, port


@pytest.fixture
async def metered() -> AsyncIterator[Metered]:
    connection = Connection()
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: StunProtocol(connection),  # type: ignore[arg-type]
        local_addr=("127.0.0.1", 0),
    )
    protocol.local_candidate = Candidate.from_sdp("1 1 udp 1 127.0.0.1 1 typ host")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(DEADLINE_S)
        yield Metered(protocol, connection, peer)
    await protocol.close()


async def test_what_is_sent_is_counted_as_the_other_end_sees_it(metered: Metered) -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    await metered.protocol.send_data(b"x" * 80, metered.peer.getsockname())
    await metered.protocol.send_data(b"x", metered.peer.getsockname())
    metered.protocol.send_stun(request, metered.peer.getsockname())
    captured = [len(metered.peer.recv(2048)) for _ in range(3)]
    assert captured == [80, 1, 20]
    assert metered.statistics.wire_datagrams_sent == 3
    assert metered.statistics.wire_bytes_sent == 80 + 1 + 20 + 3 * 28
    assert metered.statistics.wire_datagrams_received == 0


async def test_what_arrives_is_counted_and_passed_on(metered: Metered) -> None:
    request = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
    metered.peer.sendto(b"y" * 93, metered.address)
    metered.peer.sendto(request, metered.address)
    assert await asyncio.wait_for(metered.connection.data.get(), DEADLINE_S) == b"y" * 93
    await asyncio.wait_for(metered.connection.requests.get(), DEADLINE_S)
    assert metered.statistics.wire_datagrams_received == 2
    assert metered.statistics.wire_bytes_received == 93 + 20 + 2 * 28
    assert metered.statistics.wire_datagrams_sent == 0


async def test_an_empty_datagram_is_counted_and_goes_no_further(metered: Metered) -> None:
    metered.peer.sendto(b"", metered.address)
    metered.peer.sendto(b"after", metered.address)
    assert await asyncio.wait_for(metered.connection.data.get(), DEADLINE_S) == b"after"
    assert metered.connection.data.empty()
    assert metered.statistics.control_malformed == 1
    assert metered.statistics.wire_bytes_received == 5 + 2 * 28


def test_headers_of_both_kinds_of_ip() -> None:
    assert datagram_bytes(b"x" * 80, ("192.0.2.1", 9)) == 108
    assert datagram_bytes(b"x" * 80, ("2001:db8::1", 9)) == 128
