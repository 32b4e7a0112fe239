"""What of an encoder's packet RTP carries: units without start codes, and none that only inform."""

from collections.abc import Iterator

START_CODE = b"\0\0\1"
H264_UNSENT = (6, 9)  # SEI, access unit delimiter (H.264 table 7-1)
HEVC_UNSENT = (35, 39, 40)  # access unit delimiter, SEI before and after (H.265 table 7-1)
TEMPORAL_DELIMITER = 2  # OBU type; RTP leaves it out (AV1 RTP specification, section 5)


def h264_payload_bytes(packet: bytes) -> int:
    """Bytes of the NAL units of an access unit in Annex B form."""
    return sum(len(unit) for unit in _nal_units(packet) if unit[0] & 31 not in H264_UNSENT)


def hevc_payload_bytes(packet: bytes) -> int:
    """As `h264_payload_bytes`."""
    return sum(len(unit) for unit in _nal_units(packet) if unit[0] >> 1 & 63 not in HEVC_UNSENT)


def av1_payload_bytes(packet: bytes) -> int:
    """Bytes of the OBUs of a temporal unit, each with a size field (AV1 section 5.3)."""
    total = place = 0
    while place < len(packet):
        header = packet[place]
        size_at = place + 1 + (header >> 2 & 1)
        size, length = _leb128(packet, size_at)
        end = size_at + length + size
        if header >> 3 & 15 != TEMPORAL_DELIMITER:
            total += end - place
        place = end
    return total


def _nal_units(packet: bytes) -> Iterator[bytes]:
    # A unit never ends in a zero byte: those before a start code belong to it.
    units = (unit.rstrip(b"\0") for unit in packet.split(START_CODE))
    return (unit for unit in units if unit)


def _leb128(data: bytes, place: int) -> tuple[int, int]:
    """A number and how many bytes it takes."""
    number = 0
    for length in range(8):
        byte = data[place + length]
        number |= (byte & 127) << (7 * length)
        if byte < 128:
            return number, length + 1
    raise ValueError("an OBU's size is at most eight bytes long")
