"""The .fvc file: a source still, the packets that move it, and what corrects its pictures.

    magic 4 | container version 1
    section: length 4 | JSON header | CRC-32 4
    section: length 4 | source still | CRC-32 4
    records: length 2 | packet      | CRC-32 4 (over length and packet)
    end:     a record of length 0

A record that begins with the byte E0 (format 7, which no packet has) is a correction, for the
packets after it. All integers big-endian. The end marker tells a whole file from one that was
cut off.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from confapp.codec.errors import ContainerError
from confapp.codec.motion_codec import CodecMode
from confapp.codec.packet import MAX_KEYPOINTS

MAGIC = b"\x8bFVC"
CONTAINER_VERSION = 1
PREAMBLE = MAGIC + bytes([CONTAINER_VERSION])

MAX_HEADER_BYTES = 64 << 10
MAX_STILL_BYTES = 1 << 20
MAX_PACKET_BYTES = (64 << 10) - 1
MAX_SIDE_PIXELS = 1 << 14
MAX_FPS_TERM = 10**6  # numerator and denominator; 60000/1001 is the longest in use

# what JSON that is no header may raise
_NO_HEADER = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ZeroDivisionError,
    RecursionError,
)

CORRECTION_FORMAT = 7  # in the first three bits of a record
CORRECTION_MARK = bytes([CORRECTION_FORMAT << 5])

SECTION_LENGTH = struct.Struct(">I")
RECORD_LENGTH = struct.Struct(">H")
CHECKSUM = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class FvcHeader:
    """What a decoder must know before the first packet.

    Attributes:
        model_fingerprint: names the networks that made the motion and must render it.
        tables_fingerprint: names the tables that coded the packets.
        fps: frames a second of the clip, > 0, exact.
        keypoints: the model's K, 0 to 31; packets may carry fewer.
        width, height: size of the rendered picture in pixels, 1 to 16384.
        source_media_type: of the still, such as ``image/webp``.
        mode: of the packets; files from before there were two are of the paper's.

    Raises:
        ValueError: a field outside its range.
    """

    model_fingerprint: str
    tables_fingerprint: str
    fps: Fraction
    keypoints: int
    width: int
    height: int
    source_media_type: str
    mode: CodecMode = CodecMode.PAPER

    def __post_init__(self) -> None:
        if self.fps <= 0 or max(self.fps.as_integer_ratio()) > MAX_FPS_TERM:
            raise ValueError(f"fps is a positive ratio of small integers, not {self.fps}")
        if not 0 <= self.keypoints <= MAX_KEYPOINTS:
            raise ValueError(f"keypoints are 0 to {MAX_KEYPOINTS}, not {self.keypoints}")
        if not all(1 <= side <= MAX_SIDE_PIXELS for side in (self.width, self.height)):
            raise ValueError(f"a picture of {self.width} x {self.height} pixels cannot be")

    def to_bytes(self) -> bytes:
        """The JSON of the header section."""
        return json.dumps(
            {
                "model_fingerprint": self.model_fingerprint,
                "tables_fingerprint": self.tables_fingerprint,
                "fps": self.fps.as_integer_ratio(),
                "keypoints": self.keypoints,
                "width": self.width,
                "height": self.height,
                "source_media_type": self.source_media_type,
                "mode": self.mode,
            }
        ).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> "FvcHeader":
        """The inverse of `to_bytes`; fields that a later writer adds are passed over.

        Raises:
            ContainerError: anything that is not such a header.
        """
        try:
            fields = json.loads(data)
            return cls(
                model_fingerprint=_text(fields["model_fingerprint"]),
                tables_fingerprint=_text(fields["tables_fingerprint"]),
                fps=Fraction(*map(_integer, fields["fps"])),
                keypoints=_integer(fields["keypoints"]),
                width=_integer(fields["width"]),
                height=_integer(fields["height"]),
                source_media_type=_text(fields["source_media_type"]),
                mode=CodecMode(fields.get("mode", CodecMode.PAPER)),
            )
        except _NO_HEADER as error:
            raise _damaged("header") from error


class FvcWriter:
    """Writes a file: header and still at once, packets as they come, the end marker at `close`.

    The file stays open and is the caller's to close. A file without its end marker is readable up
    to its last whole packet.

    Args:
        binary_file: open for writing at its beginning.
        source_still: the coded picture as given, 1 byte to 1 MiB.

    Raises:
        ContainerError: a still that is empty or too large.
    """

    def __init__(self, binary_file: BinaryIO, header: FvcHeader, source_still: bytes) -> None:
        if not 0 < len(source_still) <= MAX_STILL_BYTES:
            raise ContainerError(
                "source-too-large",
                f"The source still has {len(source_still)} bytes, allowed are 1 to "
                f"{MAX_STILL_BYTES}; save it smaller or at a lower quality.",
            )
        self._file = binary_file
        self._file.write(PREAMBLE)
        for section in (header.to_bytes(), source_still):
            self._file.write(SECTION_LENGTH.pack(len(section)) + section)
            self._file.write(CHECKSUM.pack(zlib.crc32(section)))

    def write(self, packet: bytes) -> None:
        """Append one packet.

        Raises:
            ValueError: an empty packet, one above 65535 bytes, or one of a correction's format.
        """
        if not 0 < len(packet) <= MAX_PACKET_BYTES:
            raise ValueError(f"a packet has 1 to {MAX_PACKET_BYTES} bytes, not {len(packet)}")
        if packet[0] >> 5 == CORRECTION_FORMAT:
            raise ValueError("a packet of the format that tells corrections from packets")
        self._write_record(packet)

    def write_correction(self, code: bytes) -> None:
        """Append what corrects the pictures of the packets after it.

        Args:
            code: as `models.flow_correction` writes it.
        """
        self._write_record(CORRECTION_MARK + code)

    def close(self) -> None:
        """Write the end marker; the file is whole now."""
        self._write_record(b"")
        self._file.flush()

    def _write_record(self, packet: bytes) -> None:
        record = RECORD_LENGTH.pack(len(packet)) + packet
        self._file.write(record + CHECKSUM.pack(zlib.crc32(record)))


class FvcReader:
    """Reads a file: header and still at once, packets by iterating, once.

    A file that was cut off or damaged gives its packets up to the break, and then says so.

    Args:
        binary_file: open for reading at its beginning.

    Attributes:
        header: what the writer was given.
        source_still: likewise.
        corrections: those that came before the packet that was read last.
        break_reason: after iterating, a sentence on why packets are missing; None for a whole file.

    Raises:
        ContainerError: not such a file, a later version, or a damaged header or still.
    """

    def __init__(self, binary_file: BinaryIO) -> None:
        self._file = binary_file
        self._packets_read = 0
        self.corrections: list[bytes] = []
        self.break_reason: str | None = None
        preamble = binary_file.read(len(PREAMBLE))
        if not preamble.startswith(MAGIC):
            raise ContainerError(
                "container-foreign",
                "This is not an .fvc file; make one with `confapp encode CLIP OUT.fvc`.",
            )
        if preamble != PREAMBLE:
            raise ContainerError(
                "container-version",
                f"This end reads .fvc files of version {CONTAINER_VERSION} only; "
                "encode the clip again with this version of confapp.",
            )
        self.header = FvcHeader.from_bytes(self._read_section("header", MAX_HEADER_BYTES))
        self.source_still = self._read_section("source still", MAX_STILL_BYTES)

    def __iter__(self) -> Iterator[bytes]:
        """The packets, as they were given to the writer; they are not looked into."""
        while True:
            prefix = self._file.read(RECORD_LENGTH.size)
            if len(prefix) < RECORD_LENGTH.size:
                self._break("ends without its end marker")
                return
            (length,) = RECORD_LENGTH.unpack(prefix)
            body = self._file.read(length + CHECKSUM.size)
            if len(body) < length + CHECKSUM.size:
                self._break("ends in the middle of a packet")
                return
            packet = body[:length]
            if CHECKSUM.unpack_from(body, length) != (zlib.crc32(prefix + packet),):
                self._break("is damaged (a checksum does not fit)")
                return
            if not packet:
                return
            if packet[0] >> 5 == CORRECTION_FORMAT:
                self.corrections.append(packet[len(CORRECTION_MARK) :])
                continue
            self._packets_read += 1
            yield packet

    def _break(self, what: str) -> None:
        self.break_reason = f"The file {what} after {self._packets_read} packets."

    def _read_section(self, name: str, limit: int) -> bytes:
        prefix = self._file.read(SECTION_LENGTH.size)
        if len(prefix) < SECTION_LENGTH.size:
            raise _damaged(name)
        (length,) = SECTION_LENGTH.unpack(prefix)
        if not 0 < length <= limit:
            raise _damaged(name)
        body = self._file.read(length + CHECKSUM.size)
        if len(body) < length + CHECKSUM.size:
            raise _damaged(name)
        section = body[:length]
        if CHECKSUM.unpack_from(body, length) != (zlib.crc32(section),):
            raise _damaged(name)
        return section


def _damaged(section: str) -> ContainerError:
    return ContainerError(
        "container-damaged",
        f"The .fvc file's {section} is damaged or cut off; copy the file again or encode it anew.",
    )


def _text(field: object) -> str:
    if not isinstance(field, str):
        raise TypeError("a field that should be text is not")
    return field


def _integer(field: object) -> int:
    if not isinstance(field, int):
        raise TypeError("a field that should be an integer is not")
    return field
