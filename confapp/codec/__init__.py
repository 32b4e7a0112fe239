"""The codec room: motion frames <-> bytes. numpy and constriction only; no network, no clock.

A frame's float16 numbers are range coded byte by byte under static tables (`FrequencyTables`,
`PaperCodec`, after the paper's appendix C) and travel as one `Packet` each. `PacketReader` is the
receiving end, live or from a file; `FvcWriter` and `FvcReader` are the .fvc file.

Bytes from outside raise only the errors here: `PacketError` for a message, `ContainerError` for a
file, `TableError` for tables.
"""

from confapp.codec.container import FvcHeader, FvcReader, FvcWriter
from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import (
    ContainerError,
    ForeignEpochError,
    ForeignVersionError,
    MalformedPacketError,
    PacketError,
    StalePacketError,
    TableError,
    TruncatedPacketError,
)
from confapp.codec.frequency_table import FrequencyTables
from confapp.codec.packet import HEADER_BYTES, MAX_KEYPOINTS, Packet
from confapp.codec.packet_reader import PacketReader
from confapp.codec.paper_mode import PaperCodec
from confapp.codec.stream_summary import StreamSummary

__all__ = [
    "HEADER_BYTES",
    "MAX_KEYPOINTS",
    "ContainerError",
    "ForeignEpochError",
    "ForeignVersionError",
    "FrequencyTables",
    "FvcHeader",
    "FvcReader",
    "FvcWriter",
    "MalformedPacketError",
    "Packet",
    "PacketError",
    "PacketReader",
    "PaperCodec",
    "StalePacketError",
    "StreamSummary",
    "TableError",
    "TruncatedPacketError",
    "WrappingCounter",
]
