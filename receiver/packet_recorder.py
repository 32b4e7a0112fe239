"""A call as it came in: the photo and every packet, a few kilobytes a minute."""

from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from confapp.codec import FrequencyTables, FvcWriter
from confapp.errors import ConfappError
from confapp.stream_header import stream_header
from models.talking_head import TalkingHead

NOMINAL_FPS = Fraction(25)  # packets carry their own times


class PacketRecorder:
    """Writes an .fvc file of what is received; `confapp decode` renders it again.

    Raises:
        ConfappError: `record-unwritable`.
    """

    def __init__(self, path: Path, head: TalkingHead, tables: FrequencyTables) -> None:
        self._path = path
        self._head = head
        self._tables = tables
        self._writer: FvcWriter | None = None
        try:
            self._file: BinaryIO = path.open("wb")
        except OSError as error:
            raise ConfappError(
                "record-unwritable",
                f"{path} cannot be written ({error.strerror}); choose another file.",
            ) from error

    def begin(self, still: bytes) -> None:
        """The source photo, before the first packet; a later photo is left out."""
        if self._writer is None:
            self._writer = FvcWriter(
                self._file, stream_header(self._head, self._tables, NOMINAL_FPS), still
            )

    def write(self, packet: bytes) -> None:
        """Add a packet as it came."""
        if self._writer is not None:
            self._writer.write(packet)

    def close(self) -> None:
        """Finish the file; one without a photo is taken away."""
        if self._writer is not None:
            self._writer.close()
        self._file.close()
        if self._writer is None:
            self._path.unlink(missing_ok=True)
