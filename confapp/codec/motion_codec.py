"""What a session needs of a coder, whatever its mode."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from confapp.motion_frame import MotionFrame


class CodecMode(StrEnum):
    """How motion is coded."""

    PREDICTIVE = "predictive"
    PAPER = "paper"


class ReadFrame(NamedTuple):
    """A frame that was received.

    Attributes:
        number: the sender's count of frames, counted on over 65535.
        motion: with its timestamp counted on likewise.
    """

    number: int
    motion: MotionFrame


class MotionEncoder(Protocol):
    """The sending end of one stream.

    Attributes:
        level: how coarse, from 0 (the default quality) to 7.
        repeats: frames travel twice where messages have room, for modes that can.
    """

    level: int
    repeats: bool

    def encode(self, motions: Sequence[MotionFrame]) -> bytes:
        """One message of 1 to `MotionCodec.max_frames` frames, which follow the last message's."""

    def acknowledge(self, message: bytes) -> None:
        """The other end has this message of ours, and can read what is told from it."""

    def begin_anew(self) -> None:
        """The other end misses something: tell the next frame from nothing."""


class MotionDecoder(Protocol):
    """The receiving end of one stream, live or from a file; messages may come in any order."""

    def read(self, message: bytes, passed_ms: int = 0) -> list[ReadFrame]:
        """The frames of a message, oldest first.

        Args:
            message: as it came.
            passed_ms: since the message before; needed after pauses of 57 s and more, since
                timestamps travel as 16 bits.

        Raises:
            PacketError: it cannot be read, `MissingReferenceError` if a key frame would help.
        """


class MotionCodec(Protocol):
    """A mode with its tables.

    Attributes:
        mode: which.
        fingerprint: names the tables; equal on both ends.
        max_frames: the most frames of a message.
        header_bytes: of a message.
    """

    @property
    def mode(self) -> CodecMode: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def max_frames(self) -> int: ...
    @property
    def header_bytes(self) -> int: ...

    def encoder(self) -> MotionEncoder:
        """A new stream to send."""

    def decoder(self) -> MotionDecoder:
        """A new stream to receive."""
