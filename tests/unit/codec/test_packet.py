import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.codec import (
    HEADER_BYTES,
    ForeignVersionError,
    MalformedPacketError,
    Packet,
    TruncatedPacketError,
)

SOME = Packet(epoch=3, keypoints=20, frame_number=0x1234, timestamp_ms=0xABCD, payload=b"\x7f")
# by hand: 001 00011 | 10100 000 | frame number | timestamp
SOME_BYTES = bytes.fromhex("23a01234abcd7f")


def test_header_is_the_layout_written_down() -> None:
    assert HEADER_BYTES == 6
    assert SOME.to_bytes() == SOME_BYTES
    assert Packet.from_bytes(SOME_BYTES) == SOME


@given(
    st.builds(
        Packet,
        epoch=st.integers(0, 31),
        keypoints=st.integers(0, 31),
        frame_number=st.integers(0, 65535),
        timestamp_ms=st.integers(0, 65535),
        payload=st.binary(min_size=1, max_size=8),
    )
)
def test_round_trip(packet: Packet) -> None:
    assert Packet.from_bytes(packet.to_bytes()) == packet


@pytest.mark.parametrize("length", range(HEADER_BYTES + 1))
def test_no_header_or_nothing_after_it_is_truncated(length: int) -> None:
    with pytest.raises(TruncatedPacketError) as raised:
        Packet.from_bytes(SOME_BYTES[:length])
    assert raised.value.error_id == "packet-truncated"


@pytest.mark.parametrize("version", [0, 2, 7])
def test_other_versions_are_foreign(version: int) -> None:
    with pytest.raises(ForeignVersionError) as raised:
        Packet.from_bytes(bytes([version << 5 | 3]) + SOME_BYTES[1:])
    assert raised.value.error_id == "packet-foreign-version"
    assert "same version" in raised.value.message


@pytest.mark.parametrize("reserved", [0b001, 0b010, 0b100])
def test_reserved_bits_must_be_zero(reserved: int) -> None:
    with pytest.raises(MalformedPacketError) as raised:
        Packet.from_bytes(bytes([SOME_BYTES[0], SOME_BYTES[1] | reserved]) + SOME_BYTES[2:])
    assert raised.value.error_id == "packet-malformed"


@pytest.mark.parametrize(
    "packet",
    [
        Packet(32, 0, 0, 0, b"x"),
        Packet(0, 32, 0, 0, b"x"),
        Packet(0, -1, 0, 0, b"x"),
        Packet(0, 0, 65536, 0, b"x"),
        Packet(0, 0, 0, -1, b"x"),
        Packet(0, 0, 0, 0, b""),
    ],
)
def test_a_field_out_of_range_is_not_written(packet: Packet) -> None:
    with pytest.raises(ValueError, match=r"0 to|payload"):
        packet.to_bytes()
