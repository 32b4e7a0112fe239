"""A message of predictive mode: five bytes and the code word of one to six frames."""

import struct
import zlib
from dataclasses import dataclass

from confapp.codec.errors import ForeignVersionError, MalformedPacketError, TruncatedPacketError
from confapp.codec.packet import COUNTER_MODULUS

# Header, 40 bits, most significant first: version 3, frames less one 3, reserved 2 (zero),
# number of the first frame 16, its distance to its reference 8 (0: none), check 8.
HEADER = struct.Struct(">BHB")
HEADER_BYTES = HEADER.size + 1
FORMAT_VERSION = 2  # 1 is the paper's packet
MAX_FRAMES = 6
MAX_DISTANCE = 255  # frames


@dataclass(frozen=True, slots=True)
class PredictiveMessage:
    """One message of the motion channel; its frames are numbered one after the other.

    The first is told from the frame `distance` before it, each other one from the one before.

    Attributes:
        first_number: the sender's number of the first frame, modulo 65536.
        frames: 1 to 6.
        distance: 1 to 255, or 0 for a first frame that is told from nothing.
        check: see `check_of`.
        word: the code word, not empty.
    """

    first_number: int
    frames: int
    distance: int
    check: int
    word: bytes

    @property
    def last_number(self) -> int:
        """The number of the last frame, modulo 65536: what later messages refer to."""
        return (self.first_number + self.frames - 1) % COUNTER_MODULUS

    def check_of(self, reference_check: int) -> int:
        """One byte over header, code word and the digest of the reference's state.

        So a receiver that holds another frame under the reference's number sees it beforehand.
        """
        return zlib.crc32(self._header() + self.word, reference_check) & 0xFF

    def to_bytes(self) -> bytes:
        """Header and code word."""
        return self._header() + bytes([self.check]) + self.word

    def _header(self) -> bytes:
        return HEADER.pack(
            FORMAT_VERSION << 5 | self.frames - 1 << 2, self.first_number, self.distance
        )

    @classmethod
    def from_bytes(cls, message: bytes) -> "PredictiveMessage":
        """Read a message from the network; the code word is not looked into.

        Raises:
            TruncatedPacketError: no whole header, or nothing after it.
            ForeignVersionError: another format.
            MalformedPacketError: a header that no sender writes.
        """
        if len(message) <= HEADER_BYTES:
            raise TruncatedPacketError(
                f"A packet of {len(message)} bytes holds no header and frame; drop it."
            )
        first, number, distance = HEADER.unpack_from(message)
        if first >> 5 != FORMAT_VERSION:
            raise ForeignVersionError(
                f"The packet has format {first >> 5}, this end reads {FORMAT_VERSION}; "
                "use the same version and mode of confapp on both ends."
            )
        frames = (first >> 2 & 0b111) + 1
        if first & 0b11 or frames > MAX_FRAMES:
            raise MalformedPacketError("The packet's header is damaged; drop it.")
        return cls(number, frames, distance, message[HEADER.size], message[HEADER_BYTES:])
