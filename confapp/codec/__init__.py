"""The codec room: motion frames <-> bytes. numpy and constriction only; no network, no clock.

Two modes, each a `MotionCodec` that makes the two ends of a stream. Predictive mode
(`PredictiveCodec`) tells each frame from one that the receiver is known to hold, in a tenth of the
bytes. Paper mode (`PaperCodec`, appendix C) codes each frame's float16 numbers by themselves, byte
by byte under static tables. `FvcWriter` and `FvcReader` are the .fvc file. docs/bitstream.md has
every byte.

Bytes from outside raise only the errors here: `PacketError` for a message, `ContainerError` for a
file, `TableError` for tables.
"""

from confapp.codec.codec_tables import CodecTables
from confapp.codec.container import FvcHeader, FvcReader, FvcWriter
from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import (
    ContainerError,
    ForeignEpochError,
    ForeignVersionError,
    MalformedPacketError,
    MissingReferenceError,
    PacketError,
    StalePacketError,
    TableError,
    TruncatedPacketError,
)
from confapp.codec.frequency_table import FrequencyTables
from confapp.codec.motion_codec import (
    CodecMode,
    MotionCodec,
    MotionDecoder,
    MotionEncoder,
    ReadFrame,
)
from confapp.codec.packet import HEADER_BYTES, MAX_KEYPOINTS, Packet
from confapp.codec.packet_reader import PacketReader
from confapp.codec.paper_mode import PaperCodec
from confapp.codec.prediction_tables import PredictionTables
from confapp.codec.predictive_mode import PredictiveCodec
from confapp.codec.stream_summary import StreamSummary

__all__ = [
    "HEADER_BYTES",
    "MAX_KEYPOINTS",
    "CodecMode",
    "CodecTables",
    "ContainerError",
    "ForeignEpochError",
    "ForeignVersionError",
    "FrequencyTables",
    "FvcHeader",
    "FvcReader",
    "FvcWriter",
    "MalformedPacketError",
    "MissingReferenceError",
    "MotionCodec",
    "MotionDecoder",
    "MotionEncoder",
    "Packet",
    "PacketError",
    "PacketReader",
    "PaperCodec",
    "PredictionTables",
    "PredictiveCodec",
    "ReadFrame",
    "StalePacketError",
    "StreamSummary",
    "TableError",
    "TruncatedPacketError",
    "WrappingCounter",
]
