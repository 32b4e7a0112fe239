"""What captures of calls show (`confapp inspect` of .pcap files): sizes and rates, by kind.

DTLS and SRTP hide what is inside, and that is as it should be: references, keypoints and levels of
motion are in .fvc files alone.
"""

import ipaddress
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confapp.call_summary import kbps
from confapp.errors import ConfappError
from confapp.fvc_file import open_fvc

SUFFIXES = (".pcap", ".pcapng")
ENCRYPTED = "What is inside is encrypted (DTLS, SRTP): only sizes, times and kinds can be read."

# A datagram's first byte tells its protocol (RFC 7983); 20 to 63 is DTLS's content type.
KINDS = (
    (range(4), "stun"),
    (range(20, 21), "dtls handshake"),
    (range(21, 22), "dtls alert"),
    (range(22, 23), "dtls handshake"),
    (range(23, 24), "dtls data"),  # motion, control and their acknowledgements
    (range(64, 80), "turn channel"),
    (range(128, 192), "srtp"),  # sound
)
OTHER = "other"

Endpoint = tuple[str, int]  # address and port


@dataclass(slots=True)
class Direction:
    """Datagrams from one end to the other; sizes with IP headers."""

    datagrams: int = 0
    size: int = 0  # bytes
    largest: int = 0  # bytes
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, size: int, kind: str) -> None:
        """One more datagram."""
        self.datagrams += 1
        self.size += size
        self.largest = max(self.largest, size)
        self.kinds[kind] += 1


@dataclass(slots=True)
class Flow:
    """Two ends that talk over UDP; times in seconds."""

    first: float
    last: float
    directions: dict[Endpoint, Direction] = field(default_factory=dict)  # by who sends

    def is_call(self) -> bool:
        """A call begins with STUN or goes on with DTLS; a name server does neither."""
        kinds = Counter[str]()
        for direction in self.directions.values():
            kinds += direction.kinds
        return any(kind.startswith(("stun", "dtls")) for kind in kinds)

    def figures(self) -> Iterator[dict[str, Any]]:
        """Of each direction."""
        seconds = self.last - self.first
        for (address, port), told in self.directions.items():
            yield {
                "from": f"[{address}]:{port}" if ":" in address else f"{address}:{port}",
                "seconds": round(seconds, 2),
                "datagrams": told.datagrams,
                "bytes": told.size,
                "mean_bytes": round(told.size / told.datagrams, 1),
                "largest_bytes": told.largest,
                "wire_kbps": kbps(told.size, seconds),
                "kinds": dict(told.kinds.most_common()),
            }


def is_capture(path: Path) -> bool:
    """A capture, or a folder of some."""
    return path.is_dir() or path.suffix in SUFFIXES


def print_captures(path: Path, *, as_json: bool) -> None:
    """`confapp inspect` of a capture or a folder of captures.

    Raises:
        ConfappError: `capture-not-found`, `capture-unreadable`, `file-unreadable`, or
            `extra-missing`.
    """
    paths = [path]
    if path.is_dir():
        paths = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        if not paths:
            raise ConfappError("capture-not-found", f"There is no .pcap or .pcapng file in {path}.")
    calls = {file.name: [list(flow.figures()) for flow in read_capture(file)] for file in paths}
    if as_json:
        print(json.dumps({"note": ENCRYPTED, "calls": calls}))
        return
    print(ENCRYPTED)
    for name, flows in calls.items():
        print(f"\n{name}: {len(flows)} calls")
        for number, flow in enumerate(flows, 1):
            for told in flow:
                kinds = ", ".join(f"{count} {kind}" for kind, count in told["kinds"].items())
                print(
                    f"  {number}  from {told['from']}: {told['wire_kbps']} kbit/s in "
                    f"{told['seconds']} s, {told['datagrams']} datagrams of {told['mean_bytes']} B "
                    f"(up to {told['largest_bytes']}): {kinds}"
                )


def read_capture(path: Path) -> list[Flow]:
    """The calls in a capture file, in the order in which they begin.

    Raises:
        ConfappError: as `print_captures`.
    """
    try:
        import dpkt  # noqa: PLC0415 (an extra)
    except ImportError:
        raise ConfappError(
            "extra-missing", "Captures are read by dpkt: pip install 'confapp[capture]'"
        ) from None
    flows: dict[frozenset[Endpoint], Flow] = {}
    with open_fvc(path) as file:
        try:
            reader = dpkt.pcap.UniversalReader(file)
            for at, frame in reader:
                told = _datagram(dpkt, reader.datalink(), frame)
                if told is None:
                    continue
                source, target, size, data = told
                flow = flows.setdefault(frozenset((source, target)), Flow(float(at), float(at)))
                flow.last = max(flow.last, float(at))
                flow.directions.setdefault(source, Direction()).add(size, kind_of(data))
        except (ValueError, dpkt.Error) as error:
            raise ConfappError(
                "capture-unreadable",
                f"{path} is no capture that can be read, or breaks off ({error}).",
            ) from error
    return [flow for flow in flows.values() if flow.is_call()]


def kind_of(data: bytes) -> str:
    """The protocol of a UDP payload."""
    return next((kind for first, kind in KINDS if data and data[0] in first), OTHER)


def _datagram(dpkt: Any, link: int, frame: bytes) -> tuple[Endpoint, Endpoint, int, bytes] | None:
    """Source, target, size of the IP datagram and payload; None for anything but whole UDP."""
    links = {
        dpkt.pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        dpkt.pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
        dpkt.pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
        dpkt.pcap.DLT_NULL: dpkt.loopback.Loopback,
    }
    try:
        if link in links:
            packet = links[link](frame).data
        else:  # IP without anything around it
            packet = (dpkt.ip6.IP6 if frame[:1] >= b"\x60" else dpkt.ip.IP)(frame)
    except dpkt.Error:
        return None
    if not isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)) or not isinstance(
        packet.data, dpkt.udp.UDP
    ):
        return None
    size = packet.len if isinstance(packet, dpkt.ip.IP) else packet.plen + 40
    udp = packet.data
    source, target = (str(ipaddress.ip_address(end)) for end in (packet.src, packet.dst))
    return (source, udp.sport), (target, udp.dport), size, bytes(udp.data)
