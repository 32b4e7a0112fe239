"""A clip to an .fvc file: frame -> encode -> write."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from confapp.codec import FvcWriter, MotionCodec
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.framing import FaceFraming
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.stream_header import stream_header
from confapp.whole_file import whole_file
from models.talking_head import TalkingHead
from sender.flow_calibration import FlowCalibration
from sender.source_photo import SourcePhoto
from sender.source_refresher import LEARN_EVERY_MS
from sender.source_watch import SeenFrame

LEAST_FRAMES = 4  # that a correction in a file is learned from


@dataclass(frozen=True, slots=True, eq=False)
class DrivingFrame:
    """One frame of a driving clip.

    Attributes:
        view: the framed picture.
        motion: its motion, or the last one where no face is seen.
        face: False where the motion was held.
    """

    view: RgbImage
    motion: MotionFrame
    face: bool


@dataclass(slots=True)
class EncodingReport:
    """What became of the frames of a clip.

    Attributes:
        frames: written.
        held: frames of these without a face, which hold the last motion.
        skipped: frames before the first face, which were left out.
        broken: why the clip ended early, or None.
    """

    frames: int = 0
    held: int = 0
    skipped: int = 0
    broken: str | None = None


class DrivingClip:
    """The motion of the person in a clip, frame by frame.

    Args:
        head: the model.
        clip: what is encoded.
    """

    def __init__(self, head: TalkingHead, clip: Clip) -> None:
        self.report = EncodingReport()
        self.head = head
        self.clip = clip

    def __iter__(self) -> Iterator[DrivingFrame]:
        """Frames from the first face on.

        Raises:
            ConfappError: `no-face` when the clip shows none at all.
        """
        framing = FaceFraming(self.head.config.image_size)
        report = self.report
        motion: MotionFrame | None = None
        for frame in self.clip.frames():
            view = framing.frame(frame.rgb)
            if view.face and view.rgb is not None:
                motion = self.head.encode_motion(view.rgb, frame.timestamp_ms)
            elif motion is not None:
                motion = dataclasses.replace(motion, timestamp_ms=frame.timestamp_ms)
                report.held += 1
            if motion is None or view.rgb is None:
                report.skipped += 1
                continue
            report.frames += 1
            yield DrivingFrame(view.rgb, motion, view.face)
        report.broken = self.clip.broken
        if motion is None:
            raise ConfappError(
                "no-face",
                f"No face was found in {self.clip.path.name}; "
                "choose a clip that shows one face from the front.",
            )


def encode_clip(
    driving: DrivingClip, codec: MotionCodec, out: Path, photo: SourcePhoto | None
) -> Iterator[DrivingFrame]:
    """Write `out` once the last frame was taken.

    Where the source is of the clip, the whole of it tells where pictures show things beside their
    place, and that comes before the first message.

    Args:
        photo: the source; None for the first frame with a face.

    Raises:
        ConfappError: `no-face`, or `file-unwritable`.
    """
    encoder = codec.encoder()
    messages: list[bytes] = []
    bundle: list[MotionFrame] = []
    source = photo
    calibration: FlowCalibration | None = None
    lesson_ms = 0

    def end_bundle() -> None:
        message = encoder.encode(bundle)
        encoder.acknowledge(message)  # who reads a file has all that stands before
        messages.append(message)
        bundle.clear()

    try:
        with whole_file(out) as part, part.open("wb") as file:
            for frame in driving:
                if source is None:
                    source = SourcePhoto.of_view(frame.view)
                    appearance = driving.head.encode_source(source.rgb)
                    calibration = FlowCalibration(driving.head, appearance)
                    lesson_ms = frame.motion.timestamp_ms + LEARN_EVERY_MS
                if calibration and frame.face and frame.motion.timestamp_ms >= lesson_ms:
                    lesson_ms = frame.motion.timestamp_ms + LEARN_EVERY_MS
                    calibration.learn(SeenFrame(frame.view, frame.motion))
                bundle.append(frame.motion)
                if len(bundle) == codec.max_frames:
                    end_bundle()
                yield frame
            if bundle:
                end_bundle()
            assert source is not None  # noqa: S101 (a clip without a face raises)
            header = stream_header(driving.head, codec, driving.clip.fps)
            writer = FvcWriter(file, header, source.still)
            if calibration and calibration.frames >= LEAST_FRAMES:
                writer.write_correction(calibration.correction().to_bytes())
            for message in messages:
                writer.write(message)
            writer.close()
    except OSError as error:
        raise ConfappError(
            "file-unwritable", f"{out} cannot be written ({error.strerror}); choose another file."
        ) from error
