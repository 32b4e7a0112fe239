"""Count what really goes through the ICE sockets, as whole IP datagrams.

aiortc counts DTLS records and nothing else, has no figures for data channels, and knows nothing of
STUN. So the tap sits at the lowest place that a program without privileges can reach: between
aioice and the asyncio datagram transport of each host candidate. What a STUN or TURN server is
asked while candidates are gathered, before the tap, is not counted.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from aioice.ice import StunProtocol

from .forwarding_transport import ForwardingTransport
from .statistics import CallStatistics

IPV4_UDP_HEADER_BYTES = 20 + 8  # RFC 791, RFC 768
IPV6_UDP_HEADER_BYTES = 40 + 8  # RFC 8200


def datagram_bytes(data: bytes, address: tuple[Any, ...]) -> int:
    """Size of the IP datagram that carries `data` to or from the address (host, port, ...)."""
    header = IPV6_UDP_HEADER_BYTES if ":" in address[0] else IPV4_UDP_HEADER_BYTES
    return header + len(data)


def tap(protocols: Iterable[StunProtocol], statistics: CallStatistics) -> None:
    """Count every datagram of these protocols into the statistics from now on.

    An empty datagram is dropped here: aiortc looks at the first byte of whatever is not STUN, so
    anyone who knows the port could end the session with it.
    """
    for protocol in protocols:
        protocol.transport = _MeteredTransport(protocol.transport, statistics)
        _tap_received(protocol, statistics)


def _tap_received(protocol: StunProtocol, statistics: CallStatistics) -> None:
    pass_on = protocol.datagram_received

    def datagram_received(data: bytes | str, addr: tuple[Any, ...]) -> None:
        assert isinstance(data, bytes)  # noqa: S101 (asyncio's stubs allow str for no reason)
        statistics.wire_datagrams_received += 1
        statistics.wire_bytes_received += datagram_bytes(data, addr)
        if data:
            pass_on(data, addr)
        else:
            statistics.control_malformed += 1

    protocol.datagram_received = datagram_received  # type: ignore[method-assign]


class _MeteredTransport(ForwardingTransport):
    """Counts what is sent."""

    def __init__(self, transport: asyncio.DatagramTransport, statistics: CallStatistics) -> None:
        super().__init__(transport)
        self._statistics = statistics

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._statistics.wire_datagrams_sent += 1
        self._statistics.wire_bytes_sent += datagram_bytes(data, addr)
        super().sendto(data, addr)
