"""A call as it came in: the photo, every packet and correction, a few kilobytes a minute."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from confapp.codec import FvcWriter, MotionCodec
from confapp.errors import ConfappError
from confapp.stream_header import stream_header
from confapp.whole_file import part_of
from models.talking_head import TalkingHead

NOMINAL_FPS = Fraction(25)  # packets carry their own times


class PacketRecorder:
    """Writes an .fvc file of what is received; `confapp decode` renders it again.

    The file appears under its name when it is closed; before that, and after a failure, it is
    NAME.part, which can be read up to where it breaks off.

    Args:
        path: an older file there is replaced, once there is a photo.

    Raises:
        ConfappError: `record-unwritable`.
    """

    def __init__(self, path: Path, head: TalkingHead, codec: MotionCodec) -> None:
        self._path = path
        self._head = head
        self._codec = codec
        self._writer: FvcWriter | None = None
        self._failure: ConfappError | None = None
        self._closed = False
        try:
            self._part = part_of(path)
            self._file: BinaryIO = self._part.open("wb")
        except OSError as error:
            raise ConfappError(
                "record-unwritable",
                f"{path} cannot be written ({error.strerror}); choose another file.",
            ) from error

    def begin(self, still: bytes) -> None:
        """The source photo, before the first packet; a later photo is left out.

        Raises:
            ConfappError: `record-failed` when the disk is full or gone; nothing more is taken then.
        """
        if self._writer is None and self._failure is None:
            with self._failing():
                self._writer = FvcWriter(
                    self._file, stream_header(self._head, self._codec, NOMINAL_FPS), still
                )

    def write(self, packet: bytes) -> None:
        """Add a packet as it came.

        Raises:
            ConfappError: as `begin`.
        """
        if self._writer is not None and self._failure is None:
            with self._failing():
                self._writer.write(packet)

    def write_correction(self, code: bytes) -> None:
        """Add what corrects the pictures of the photo that is kept.

        Raises:
            ConfappError: as `begin`.
        """
        if self._writer is not None and self._failure is None:
            with self._failing():
                self._writer.write_correction(code)

    def close(self) -> None:
        """Finish the file; without a photo there is none. May be called again.

        Raises:
            ConfappError: `record-failed`, also when `begin` or `write` said so: in a call a packet
                that raises counts as malformed, and nobody would hear of it.
        """
        if self._closed:
            return
        self._closed = True
        if self._failure is not None:
            with suppress(OSError):  # it writes what it could not write before
                self._file.close()
            raise self._failure
        with self._failing():
            with self._file:
                if self._writer is not None:
                    self._writer.close()
            if self._writer is not None:
                self._part.replace(self._path)
            else:
                self._part.unlink(missing_ok=True)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failure = ConfappError(
                "record-failed",
                f"Writing {self._path} failed ({error.strerror}); make room on the disk. "
                f"What was written is in {self._part.name}, and breaks off.",
            )
            raise self._failure from error
