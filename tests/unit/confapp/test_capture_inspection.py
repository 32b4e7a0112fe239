"""Captures made here, of datagrams that look like a call's from outside."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

import dpkt
import pytest

from confapp.capture_inspection import ENCRYPTED, is_capture, print_captures, read_capture
from confapp.errors import ConfappError

STUN, HANDSHAKE, DATA, SRTP, NAMES = b"\x00\x01", b"\x16\xfe", b"\x17\xfe", b"\x80\x6f", b"\x99"
ADA, BEN, SERVER = "10.0.0.1", "10.0.0.2", "10.0.0.53"


def datagram(source: str, target: str, payload: bytes, port: int = 5000) -> bytes:
    """An IP datagram from port to port."""
    udp = dpkt.udp.UDP(sport=port, dport=port, data=payload)
    udp.ulen = len(udp)
    if ":" in source:
        ends = (socket.inet_pton(socket.AF_INET6, end) for end in (source, target))
        packet = dpkt.ip6.IP6(src=next(ends), dst=next(ends), nxt=17, plen=len(udp), data=udp)
        packet.extension_hdrs = {}
        return bytes(packet)
    ends = (socket.inet_aton(end) for end in (source, target))
    return bytes(dpkt.ip.IP(src=next(ends), dst=next(ends), p=17, len=20 + len(udp), data=udp))


def ethernet(packet: bytes) -> bytes:
    kind: int = dpkt.ethernet.ETH_TYPE_IP6 if packet[0] >> 4 == 6 else dpkt.ethernet.ETH_TYPE_IP
    return bytes(12) + kind.to_bytes(2, "big") + packet


def capture(path: Path, frames: Iterable[bytes], link: int = dpkt.pcap.DLT_EN10MB) -> Path:
    """A file with a frame every 100 ms."""
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, linktype=link)
        for number, frame in enumerate(frames):
            writer.writepkt(frame, ts=1000 + number / 10)
    return path


def call(one: str = ADA, other: str = BEN) -> list[bytes]:
    """Eleven datagrams in one second."""
    there = [STUN, HANDSHAKE, DATA + bytes(98), DATA + bytes(98), SRTP + bytes(38)]
    back = [STUN, HANDSHAKE, DATA + bytes(62), DATA + bytes(62), STUN, b"\x15\xfe"]
    return [datagram(one, other, data) for data in there] + [
        datagram(other, one, data) for data in back
    ]


@pytest.mark.parametrize("link", [dpkt.pcap.DLT_EN10MB, dpkt.pcap.DLT_RAW])
def test_a_call_is_told_by_direction_and_kind(tmp_path: Path, link: int) -> None:
    frames = call()
    frames.insert(5, datagram(ADA, SERVER, NAMES, port=53))
    frames.append(b"\x00")
    if link == dpkt.pcap.DLT_EN10MB:
        frames = [ethernet(frame) for frame in frames]
        frames.append(bytes(12) + b"\x08\x06" + bytes(28))  # ARP
    (flow,) = read_capture(capture(tmp_path / "call.pcap", frames, link))
    there, back = flow.figures()
    assert there["from"] == "10.0.0.1:5000"
    assert there["kinds"] == {"dtls data": 2, "stun": 1, "dtls handshake": 1, "srtp": 1}
    assert there["datagrams"] == 5
    assert there["bytes"] == 5 * 28 + 2 + 2 + 2 * 100 + 40
    assert there["largest_bytes"] == 128
    assert there["wire_kbps"] == pytest.approx(8e-3 * there["bytes"] / there["seconds"], rel=0.01)
    assert back["kinds"] == {"stun": 2, "dtls data": 2, "dtls handshake": 1, "dtls alert": 1}


def test_ipv6_counts_its_longer_header(tmp_path: Path) -> None:
    frames = [ethernet(datagram("fd00::1", "fd00::2", STUN))]
    (flow,) = read_capture(capture(tmp_path / "call.pcap", frames))
    (told,) = flow.figures()
    assert told["from"] == "[fd00::1]:5000"
    assert told["bytes"] == 48 + len(STUN)
    assert told["wire_kbps"] == 0  # no time has passed


def test_a_folder_is_told_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(tmp_path / "b.pcap", map(ethernet, call()))
    capture(tmp_path / "a.pcapng", map(ethernet, call(ADA, SERVER) + call(ADA, BEN)))
    (tmp_path / "notes.txt").write_text("no capture")
    assert is_capture(tmp_path)
    print_captures(tmp_path, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["note"] == ENCRYPTED
    assert {name: len(flows) for name, flows in told["calls"].items()} == {
        "a.pcapng": 2,
        "b.pcap": 1,
    }
    print_captures(tmp_path / "b.pcap", as_json=False)
    said = capsys.readouterr().out
    assert "encrypted" in said
    assert "from 10.0.0.2:5000" in said
    assert "2 dtls data" in said


@pytest.mark.parametrize("content", [b"", b"no capture at all, but some text"])
def test_what_is_no_capture_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pcap"
    path.write_bytes(content)
    with pytest.raises(ConfappError) as refused:
        read_capture(path)
    assert refused.value.error_id == "capture-unreadable"


def test_missing_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match=r"no \.pcap") as refused:
        print_captures(tmp_path, as_json=False)
    assert refused.value.error_id == "capture-not-found"
    with pytest.raises(ConfappError) as refused:
        print_captures(tmp_path / "none.pcap", as_json=False)
    assert refused.value.error_id == "file-not-found"


def test_noise_in_a_capture_is_passed_over(tmp_path: Path) -> None:
    whole = ethernet(call()[2])
    frames = [whole[:length] for length in range(0, len(whole), 3)]
    frames += [bytes([number]) * 40 for number in range(256)]
    for flow in read_capture(capture(tmp_path / "noise.pcap", frames)):
        assert all(told["datagrams"] > 0 for told in flow.figures())
