import io
import json
import struct
import zlib
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.codec import ContainerError, FvcHeader, FvcReader, FvcWriter

HEADER = FvcHeader(
    model_fingerprint="0123456789abcdef",
    tables_fingerprint="fedcba9876543210",
    fps=Fraction(30000, 1001),
    keypoints=20,
    width=256,
    height=256,
    source_media_type="image/webp",
)
STILL = b"RIFF....WEBP" * 10
PACKETS = [b"one", b"two two", b"\0" * 300]


def whole_file(still: bytes = STILL, packets: list[bytes] = PACKETS, close: bool = True) -> bytes:
    file = io.BytesIO()
    writer = FvcWriter(file, HEADER, still)
    for packet in packets:
        writer.write(packet)
    if close:
        writer.close()
    return file.getvalue()


FILE = whole_file()
STREAM_START = len(whole_file(packets=[], close=False))
RECORD_ENDS = [STREAM_START + 3 + 6, STREAM_START + 10 + 12, STREAM_START + 310 + 18]


def test_layout_is_the_one_written_down() -> None:
    header = HEADER.to_bytes()
    expected = b"\x8bFVC\x01"
    for section in (header, STILL):
        expected += struct.pack(">I", len(section)) + section
        expected += struct.pack(">I", zlib.crc32(section))
    for packet in (*PACKETS, b""):
        record = struct.pack(">H", len(packet)) + packet
        expected += record + struct.pack(">I", zlib.crc32(record))
    assert expected == FILE


# A packet is of any format but the one that tells corrections from packets.
ANY_PACKETS = st.lists(st.binary(min_size=1, max_size=50).filter(lambda b: b[0] < 0xE0), max_size=8)


@given(st.binary(min_size=1, max_size=50), ANY_PACKETS)
def test_round_trip(still: bytes, packets: list[bytes]) -> None:
    reader = FvcReader(io.BytesIO(whole_file(still, packets)))
    assert reader.header == HEADER
    assert reader.source_still == still
    assert list(reader) == packets
    assert reader.break_reason is None


def test_corrections_stand_before_the_packets_that_they_are_for() -> None:
    file = io.BytesIO()
    writer = FvcWriter(file, HEADER, STILL)
    writer.write(b"one")
    writer.write_correction(b"first")
    writer.write(b"two")
    writer.write_correction(b"second")
    writer.write_correction(b"third")
    writer.write(b"three")
    writer.close()
    reader = FvcReader(io.BytesIO(file.getvalue()))
    known = [(packet, list(reader.corrections)) for packet in reader]
    assert known == [
        (b"one", []),
        (b"two", [b"first"]),
        (b"three", [b"first", b"second", b"third"]),
    ]
    assert reader.break_reason is None
    with pytest.raises(ValueError, match="format"):
        writer.write(b"\xe1 packet")


@given(st.integers(0, len(FILE) - 1))
def test_a_cut_file_reads_up_to_the_break(length: int) -> None:
    if length < STREAM_START:
        with pytest.raises(ContainerError) as raised:
            FvcReader(io.BytesIO(FILE[:length]))
        assert raised.value.error_id.startswith("container-")
        return
    reader = FvcReader(io.BytesIO(FILE[:length]))
    assert list(reader) == PACKETS[: sum(end <= length for end in RECORD_ENDS)]
    assert reader.break_reason is not None
    assert "ends" in reader.break_reason


@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_a_damaged_bit_is_never_passed_on(position: int, bit: int) -> None:
    damaged = bytearray(FILE)
    damaged[position] ^= 1 << bit
    if position < STREAM_START:
        with pytest.raises(ContainerError):
            FvcReader(io.BytesIO(damaged))
        return
    reader = FvcReader(io.BytesIO(damaged))
    assert list(reader) == PACKETS[: sum(end <= position for end in RECORD_ENDS)]
    assert reader.break_reason is not None


def test_reasons_tell_truncation_from_damage() -> None:
    damaged = bytearray(FILE)
    damaged[RECORD_ENDS[0] + 4] ^= 1
    reasons = []
    for data in (FILE[: RECORD_ENDS[0]], FILE[: RECORD_ENDS[0] + 4], bytes(damaged)):
        reader = FvcReader(io.BytesIO(data))
        assert list(reader) == PACKETS[:1]
        reasons.append(reader.break_reason)
    assert reasons == [
        "The file ends without its end marker after 1 packets.",
        "The file ends in the middle of a packet after 1 packets.",
        "The file is damaged (a checksum does not fit) after 1 packets.",
    ]


@pytest.mark.parametrize("data", [b"", b"\x8b", b"\x89PNG\r\n\x1a\n" + bytes(50), b"fvc" * 9])
def test_another_kind_of_file_is_told_so(data: bytes) -> None:
    with pytest.raises(ContainerError, match="confapp encode") as raised:
        FvcReader(io.BytesIO(data))
    assert raised.value.error_id == "container-foreign"


def test_another_version_is_told_so() -> None:
    with pytest.raises(ContainerError, match="version 1") as raised:
        FvcReader(io.BytesIO(FILE[:4] + b"\x02" + FILE[5:]))
    assert raised.value.error_id == "container-version"


class CountingFile(io.BytesIO):
    """Remembers the most bytes asked for at once."""

    longest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.longest = max(self.longest, size)
        return super().read(size)


def test_no_length_in_the_file_makes_a_large_read() -> None:
    for position in (5, 5 + 4 + len(HEADER.to_bytes()) + 4):
        file = CountingFile(FILE[:position] + b"\xff\xff\xff\xff" + FILE[position + 4 :])
        with pytest.raises(ContainerError):
            FvcReader(file)
        assert file.longest < 1 << 16


@pytest.mark.parametrize("size", [0, (1 << 20) + 1])
def test_a_still_of_no_use_is_refused(size: int) -> None:
    with pytest.raises(ContainerError, match="lower quality") as raised:
        whole_file(bytes(size))
    assert raised.value.error_id == "source-too-large"


@pytest.mark.parametrize("size", [0, 65536])
def test_a_packet_of_no_use_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 65535"):
        whole_file(packets=[bytes(size)])


def test_the_largest_still_and_packet_fit() -> None:
    reader = FvcReader(io.BytesIO(whole_file(bytes(1 << 20), [bytes(65535)])))
    assert len(reader.source_still) == 1 << 20
    assert [len(packet) for packet in reader] == [65535]


def test_a_later_writer_may_add_fields() -> None:
    fields = json.loads(HEADER.to_bytes()) | {"mood": "good"}
    assert FvcHeader.from_bytes(json.dumps(fields).encode()) == HEADER


@pytest.mark.parametrize(
    "change",
    [
        {"fps": [30, 0]},
        {"fps": [0, 1]},
        {"fps": [-30, 1]},
        {"fps": [10**9, 1]},
        {"fps": [30, 1, 1]},
        {"fps": 30},
        {"fps": "1e999999999"},
        {"keypoints": 32},
        {"keypoints": "20"},
        {"width": 0},
        {"height": 10**6},
        {"width": 25.5},
        {"source_media_type": 7},
        {"model_fingerprint": None},
    ],
    ids=str,
)
def test_a_header_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    fields = json.loads(HEADER.to_bytes()) | change
    with pytest.raises(ContainerError) as raised:
        FvcHeader.from_bytes(json.dumps(fields).encode())
    assert raised.value.error_id == "container-damaged"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"3", b"\xff", b"[" * 60_000])
def test_a_header_of_another_kind_is_refused(data: bytes) -> None:
    with pytest.raises(ContainerError):
        FvcHeader.from_bytes(data)


@pytest.mark.parametrize(
    "change", [{"fps": Fraction(0)}, {"keypoints": -1}, {"width": 0}, {"height": 1 << 15}], ids=str
)
def test_a_header_that_cannot_be_is_not_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fps|keypoints|picture"):
        replace(HEADER, **change)
