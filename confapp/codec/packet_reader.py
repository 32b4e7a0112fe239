"""Reads one sender's packets with their whole frame numbers and timestamps."""

from dataclasses import replace

from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import StalePacketError
from confapp.codec.paper_mode import PaperCodec
from confapp.motion_frame import MotionFrame


class PacketReader:
    """The receiving end of one stream, live or from a file; packets may come in any order.

    Counting starts at the first packet's 16 bits, so a reader that joins late is off by a constant.
    Begin a new one after a pause of 57 s or more.
    """

    def __init__(self, codec: PaperCodec) -> None:
        self._codec = codec
        self._frame_numbers = WrappingCounter()
        self._timestamps = WrappingCounter()

    def read(self, message: bytes) -> tuple[int, MotionFrame]:
        """The frame number, counted on over 65535, and the frame with its timestamp likewise.

        Raises:
            PacketError: the message cannot be read, or is older than the first one's zero.
        """
        packet, motion = self._codec.decode(message)
        frame_number = self._frame_numbers.unwrap(packet.frame_number)
        timestamp_ms = self._timestamps.unwrap(packet.timestamp_ms)
        if frame_number < 0 or timestamp_ms < 0:
            raise StalePacketError("The packet is older than the stream as seen here; drop it.")
        return frame_number, replace(motion, timestamp_ms=timestamp_ms)
