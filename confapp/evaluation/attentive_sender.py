"""A clip whose sender looks at what the other side sees, as in a call with time to spare."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from confapp.call.control_message import (
    Correction,
    RefreshAnnounce,
    RefreshUse,
    content_hash,
    encode,
)
from confapp.call.source_refresh import PIECE_BYTES
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.flow_correction import FlowCorrection
from models.talking_head import TalkingHead
from sender.flow_calibration import FlowCalibration
from sender.source_refresher import (
    LEARN_EVERY_MS,
    LEAST_INTERVAL_S,
    PIECE_EVERY_S,
    refreshed_photo,
)
from sender.source_watch import SeenFrame, SourceWatch


@dataclass(frozen=True, slots=True, eq=False)
class RefreshedSource:
    """A source that takes the place of the one before.

    Attributes:
        rgb: (S, S, 3) uint8, as decoded.
        start: number of the first frame that is seen with it.
        messages: bytes of each message that brings it.
    """

    rgb: RgbImage
    start: int
    messages: list[int]


@dataclass(frozen=True, slots=True, eq=False)
class SentCorrection:
    """A correction of the pictures of the source at hand.

    Attributes:
        correction: as decoded.
        start: number of the first frame that is seen with it.
        message: bytes of the message that brings it.
    """

    correction: FlowCorrection
    start: int
    message: int


@dataclass(frozen=True, slots=True, eq=False)
class AttentiveClip:
    """What travels of a clip beside its first source and its motion, in order of time.

    Attributes:
        sources: after the first.
        corrections: of any of them.
    """

    sources: list[RefreshedSource]
    corrections: list[SentCorrection]


def attentive_clip(
    head: TalkingHead,
    source: RgbImage,
    frames: Sequence[RgbImage],
    motions: Sequence[MotionFrame],
    fps: Fraction,
) -> AttentiveClip:
    """What `sender.source_refresher` would send of a clip, and from which frame on it is seen.

    Args:
        source: that the stream begins with, as decoded.
        frames, motions: all of the clip.
    """
    watch = SourceWatch(head, source)
    sources: list[RefreshedSource] = []
    corrections: list[SentCorrection] = []
    start = resting_until = 0
    lesson_ms = LEARN_EVERY_MS
    for number, (view, motion) in enumerate(zip(frames, motions, strict=True)):
        if number == start:
            calibration = FlowCalibration(head, watch.appearance())
        frame = SeenFrame(view, motion)
        check = watch.see(frame)
        if number < start:
            continue
        if motion.timestamp_ms >= lesson_ms:
            lesson_ms = motion.timestamp_ms + LEARN_EVERY_MS
            if calibration.learn(frame) and (code := calibration.tell()) is not None:
                corrections.append(_sent(code, number + 1))
        if check is None or number < resting_until:
            continue
        better = watch.check(check)
        if better is None:
            continue
        photo = refreshed_photo(better)
        messages = _messages(photo.still, motion.timestamp_ms)
        start = number + round(len(messages) * PIECE_EVERY_S * fps)
        watch.replace(photo.rgb)
        if start < len(frames):
            sources.append(RefreshedSource(photo.rgb, start, messages))
        resting_until = start + round(LEAST_INTERVAL_S * fps)
    return AttentiveClip(sources, corrections)


def _sent(code: bytes, start: int) -> SentCorrection:
    message = len(encode(Correction(code=code)))
    return SentCorrection(FlowCorrection.from_bytes(code), start, message)


def _messages(still: bytes, timestamp_ms: int) -> list[int]:
    pieces = range(0, len(still), PIECE_BYTES)
    sha256 = content_hash(still)
    return [
        len(encode(RefreshAnnounce(sha256=sha256, size=len(still)))),
        *(len(still[place : place + PIECE_BYTES]) for place in pieces),
        len(encode(RefreshUse(sha256=sha256, timestamp_ms=timestamp_ms))),
    ]
