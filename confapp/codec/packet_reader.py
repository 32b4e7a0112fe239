"""Reads one sender's packets of paper mode with their whole frame numbers and timestamps."""

from dataclasses import replace
from typing import TYPE_CHECKING

from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import StalePacketError
from confapp.codec.motion_codec import ReadFrame

if TYPE_CHECKING:
    from confapp.codec.paper_mode import PaperCodec


class PacketReader:
    """The receiving end of one stream, live or from a file; packets may come in any order.

    Counting starts at the first packet's 16 bits, so a reader that joins late is off by a constant.
    """

    def __init__(self, codec: "PaperCodec") -> None:
        self._codec = codec
        self._frame_numbers = WrappingCounter()
        self._timestamps = WrappingCounter()

    def read(self, message: bytes, passed_ms: int = 0) -> list[ReadFrame]:
        """The one frame of a packet, with the keypoints that were not sent as they are told.

        Args:
            message: as it came.
            passed_ms: as `MotionDecoder`.

        Raises:
            PacketError: the message cannot be read, or is older than the first one's zero.
        """
        packet, motion = self._codec.decode(message)
        frame_number = self._frame_numbers.unwrap(packet.frame_number)
        timestamp_ms = self._timestamps.unwrap(packet.timestamp_ms, passed_ms)
        if frame_number < 0 or timestamp_ms < 0:
            raise StalePacketError("The packet is older than the stream as seen here; drop it.")
        motion = self._codec.completion.complete(motion)
        return [ReadFrame(frame_number, replace(motion, timestamp_ms=timestamp_ms))]
