"""An .fvc file to pictures: read -> decode -> render."""

from collections.abc import Iterator
from pathlib import Path

from confapp.codec import CodecTables, FvcReader, PacketError
from confapp.errors import ConfappError
from confapp.fvc_file import open_fvc
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage
from confapp.pose_offset import PoseOffset
from models.flow_correction import FlowCorrection, departure
from models.talking_head import TalkingHead
from receiver.eased_correction import EasedCorrection
from receiver.rendered_frame import RenderedFrame


class ClipDecoder:
    """Renders an .fvc file with the model and tables that made it.

    Attributes:
        header: of the file.
        unreadable: packets and corrections that could not be decoded so far.
        break_reason: after the last frame, why packets are missing; None for a whole file.

    Raises:
        ConfappError: `file-not-found`, `model-mismatch`, `tables-mismatch`, `file-damaged` or
            `still-size` for its photo, or the file is no .fvc file.
    """

    def __init__(self, path: Path, head: TalkingHead, tables: CodecTables) -> None:
        self._head = head
        self._path = path
        self.unreadable = 0
        self.break_reason: str | None = None
        with open_fvc(path) as file:
            stream = FvcReader(file)
        self.header = stream.header
        self._codec = tables.codec(self.header.mode)
        if self.header.model_fingerprint != head.fingerprint:
            raise ConfappError(
                "model-mismatch",
                f"{path.name} was made with the model {self.header.model_fingerprint}, this is "
                f"{head.config.name} ({head.fingerprint}): give the same one with --model.",
            )
        if self.header.tables_fingerprint != self._codec.fingerprint:
            raise ConfappError(
                "tables-mismatch",
                f"{path.name} was made with the tables {self.header.tables_fingerprint}, these "
                f"are {self._codec.fingerprint}: give the same ones with --tables.",
            )
        self._photo = self._read_photo(stream.source_still)

    def frames(self, offset: PoseOffset) -> Iterator[RenderedFrame]:
        """Every frame that can be decoded, in the file's order.

        Raises:
            ConfappError: `file-damaged` when there is none.
        """
        any_rendered = False
        appearance = self._head.encode_source(self._photo)
        with open_fvc(self._path) as file:
            stream = FvcReader(file)
            decoder = self._codec.decoder()
            correction, corrections = EasedCorrection(), 0
            for packet in stream:
                for code in stream.corrections[corrections:]:
                    self._take(code, correction)
                corrections = len(stream.corrections)
                try:
                    read = decoder.read(packet)
                except PacketError:
                    self.unreadable += 1
                    continue
                for _, motion in read:
                    rgb = self._head.render(appearance, motion, offset)
                    at = departure(appearance.motion, motion, offset)
                    rgb = correction.corrected(rgb, at, motion.timestamp_ms)
                    yield RenderedFrame(rgb, motion.timestamp_ms)
                    any_rendered = True
            self.break_reason = stream.break_reason
        if not any_rendered:
            reason = self.break_reason or f"Packets that cannot be read: {self.unreadable}."
            raise ConfappError(
                "file-damaged",
                f"{self._path.name} holds no frame that can be shown. {reason} "
                "Copy the file again or encode it anew.",
            )

    def _take(self, code: bytes, correction: EasedCorrection) -> None:
        try:
            correction.take(FlowCorrection.from_bytes(code))
        except ValueError:
            self.unreadable += 1

    def _read_photo(self, still: bytes) -> RgbImage:
        try:
            photo = decode_still(still)
        except ConfappError as error:  # its sentence is one of a call
            raise ConfappError(
                "file-damaged",
                f"The photo in {self._path.name} cannot be read; "
                "copy the file again or encode it anew.",
            ) from error
        size = self._head.config.image_size
        if photo.shape != (size, size, 3):
            raise ConfappError(
                "still-size",
                f"The photo in {self._path.name} has {photo.shape[1]}x{photo.shape[0]} pixels, "
                f"{self._head.config.name} takes {size}x{size}; encode the clip anew.",
            )
        return photo
