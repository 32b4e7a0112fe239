"""Paper mode: each frame by itself, float16 numbers under static tables (appendix C).

At level 0 all keypoints travel, exactly. At coarser levels a frame carries as few of the first ones
as tell the others within the level's tolerance (adaptive keypoints, appendix C.2).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from confapp.codec.errors import ForeignEpochError, MalformedPacketError
from confapp.codec.frame_bytes import frame_from_bytes, frame_to_bytes, positions_of
from confapp.codec.frequency_table import FrequencyTables
from confapp.codec.keypoint_completion import KeypointCompletion
from confapp.codec.motion_codec import CodecMode
from confapp.codec.motion_grid import STEPS
from confapp.codec.packet import COUNTER_MODULUS, HEADER_BYTES, Packet
from confapp.codec.packet_reader import PacketReader
from confapp.codec.range_coder import RangeCoder
from confapp.motion_frame import MotionFrame


class PaperCodec:
    """Motion frames <-> packets. Without state: every packet decodes alone, in any order.

    Args:
        tables: the frequency tables of both ends; they bound the keypoints of a frame.
        completion: what keypoints that are not sent are taken to be; None for zero.
    """

    mode = CodecMode.PAPER
    max_frames = 1
    header_bytes = HEADER_BYTES

    def __init__(
        self, tables: FrequencyTables, completion: KeypointCompletion | None = None
    ) -> None:
        self.tables = tables
        self.completion = completion or KeypointCompletion.zero(tables.keypoints)
        self._coder = RangeCoder(tables.frequencies)

    @property
    def fingerprint(self) -> str:
        """Of the tables."""
        if not self.completion.weights.any():
            return self.tables.fingerprint
        both = f"{self.tables.fingerprint} {self.completion.fingerprint}"
        return hashlib.sha256(both.encode("ascii")).hexdigest()[:16]

    def encoder(self) -> "PaperEncoder":
        """A new stream to send."""
        return PaperEncoder(self)

    def decoder(self) -> PacketReader:
        """A new stream to receive."""
        return PacketReader(self)

    def encode(self, motion: MotionFrame, frame_number: int) -> bytes:
        """The packet of one frame; frame number and timestamp wrap at 65536.

        Raises:
            ValueError: more keypoints than the tables', or a negative frame number.
        """
        if motion.keypoints > self.tables.keypoints:
            raise ValueError(
                f"the tables code up to {self.tables.keypoints} keypoints, not {motion.keypoints}"
            )
        if frame_number < 0:
            raise ValueError(f"a frame number is never negative, as {frame_number} is")
        return Packet(
            epoch=self.tables.epoch,
            keypoints=motion.keypoints,
            frame_number=frame_number % COUNTER_MODULUS,
            timestamp_ms=motion.timestamp_ms % COUNTER_MODULUS,
            payload=self._coder.encode(frame_to_bytes(motion)),
        ).to_bytes()

    def decode(self, message: bytes) -> tuple[Packet, MotionFrame]:
        """The packet and its frame, whose timestamp is the packet's, modulo 65536 ms.

        `PacketReader` gives whole frame numbers and timestamps.

        Raises:
            PacketError: bytes that `encode` does not give; nothing else, whatever the bytes are.
        """
        packet = Packet.from_bytes(message)
        if packet.epoch != self.tables.epoch:
            raise ForeignEpochError(
                f"The packet was coded with tables of epoch {packet.epoch}, this end has "
                f"{self.tables.epoch}; use the same tables on both ends."
            )
        if packet.keypoints > self.tables.keypoints:
            raise MalformedPacketError(
                f"The packet carries {packet.keypoints} keypoints, the tables code up to "
                f"{self.tables.keypoints}; drop it."
            )
        numbers = self._coder.decode(packet.payload, positions_of(packet.keypoints))
        try:
            return packet, frame_from_bytes(numbers, packet.timestamp_ms)
        except ValueError as error:
            raise MalformedPacketError(
                "The packet holds a number that is not finite; drop it."
            ) from error


class PaperEncoder:
    """The sending end: numbers the frames; nothing depends on what arrives.

    Attributes:
        level: 0: all keypoints; 1 to 7: as few as tell the others within half a pixel of 256,
            times the root of two for each level. The numbers sent are exact.
        repeats: without effect, every message is one frame.
    """

    def __init__(self, codec: PaperCodec) -> None:
        self.level = 0
        self.repeats = False
        self._codec = codec
        self._next_number = 0

    def encode(self, motions: Sequence[MotionFrame]) -> bytes:
        """The packet of one frame.

        Raises:
            ValueError: another number of frames, or as `PaperCodec.encode`.
        """
        (motion,) = motions
        if self.level:
            kept = self._codec.completion.fewest(motion, STEPS[self.level].tolerance)
            motion = replace(motion, deformations=motion.deformations[:kept])
        packet = self._codec.encode(motion, self._next_number)
        self._next_number += 1
        return packet

    def acknowledge(self, message: bytes) -> None:
        """Every packet is read by itself."""

    def begin_anew(self) -> None:
        """Likewise."""
