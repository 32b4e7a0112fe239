"""The motion packet: a header of 6 bytes and the coded numbers of one frame."""

import struct
from dataclasses import dataclass

from confapp.codec.errors import ForeignVersionError, MalformedPacketError, TruncatedPacketError

# Header, 48 bits, most significant first: version 3, table epoch 5, keypoints 5, reserved 3 (zero),
# frame number 16, timestamp 16. Frame number and timestamp wrap.
HEADER = struct.Struct(">BBHH")
HEADER_BYTES = HEADER.size
FORMAT_VERSION = 1
MAX_EPOCH = 31  # 5 bits
MAX_KEYPOINTS = 31  # 5 bits
COUNTER_MODULUS = 1 << 16  # frames; milliseconds


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of the motion channel.

    Attributes:
        epoch: which frequency tables coded the payload, 0 to 31.
        keypoints: deformations carried (k), 0 to 31.
        frame_number: the sender's frame count modulo 65536.
        timestamp_ms: capture time in milliseconds since the stream began, modulo 65536.
        payload: the coded numbers, not empty.
    """

    epoch: int
    keypoints: int
    frame_number: int
    timestamp_ms: int
    payload: bytes

    def to_bytes(self) -> bytes:
        """Header and payload.

        Raises:
            ValueError: a field outside its range.
        """
        if not 0 <= self.epoch <= MAX_EPOCH or not 0 <= self.keypoints <= MAX_KEYPOINTS:
            raise ValueError(f"epoch and keypoints are 0 to 31, not {self.epoch}, {self.keypoints}")
        for counter in (self.frame_number, self.timestamp_ms):
            if not 0 <= counter < COUNTER_MODULUS:
                raise ValueError(f"a header counter is 0 to 65535, not {counter}")
        if not self.payload:
            raise ValueError("a packet carries at least one byte of payload")
        return (
            HEADER.pack(
                FORMAT_VERSION << 5 | self.epoch,
                self.keypoints << 3,
                self.frame_number,
                self.timestamp_ms,
            )
            + self.payload
        )

    @classmethod
    def from_bytes(cls, message: bytes) -> "Packet":
        """Read a message from the network; the payload is not looked into.

        Raises:
            TruncatedPacketError: no whole header, or nothing after it.
            ForeignVersionError: another packet format.
            MalformedPacketError: reserved bits set.
        """
        if len(message) < HEADER_BYTES:
            raise TruncatedPacketError(
                f"A packet of {len(message)} bytes holds no header; drop it."
            )
        versions, widths, frame_number, timestamp_ms = HEADER.unpack_from(message)
        if versions >> 5 != FORMAT_VERSION:
            raise ForeignVersionError(
                f"The packet has format {versions >> 5}, this end reads {FORMAT_VERSION}; "
                "use the same version of confapp on both ends."
            )
        if widths & 0b111:
            raise MalformedPacketError("The packet's reserved bits are set; drop it.")
        if len(message) == HEADER_BYTES:
            raise TruncatedPacketError("The packet ends after its header; drop it.")
        return cls(
            epoch=versions & 0b11111,
            keypoints=widths >> 3,
            frame_number=frame_number,
            timestamp_ms=timestamp_ms,
            payload=message[HEADER_BYTES:],
        )
