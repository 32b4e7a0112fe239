"""A clip whose sender looks at what the other side sees, as in a call with time to spare."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from confapp.call.control_message import RefreshAnnounce, RefreshUse, content_hash, encode
from confapp.call.source_refresh import PIECE_BYTES
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from sender.pose_calibration import PoseCalibration
from sender.source_refresher import LEAST_INTERVAL_S, PIECE_EVERY_S, refreshed_photo
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
class AttentiveClip:
    """What travels of a clip beside its first source.

    Attributes:
        motions: of all frames, corrected by what was known of the head.
        sources: after the first.
    """

    motions: list[MotionFrame]
    sources: list[RefreshedSource]


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
    sent: list[MotionFrame] = []
    found: list[RefreshedSource] = []
    start = resting_until = 0
    for number, (view, motion) in enumerate(zip(frames, motions, strict=True)):
        if number == start:
            calibration = PoseCalibration(head, watch.appearance())
        sent.append(calibration.corrected(motion))
        check = watch.see(SeenFrame(view, motion))
        if check is None or number < start:
            continue
        calibration.learn(check.frame)
        if number < resting_until:
            continue
        better = watch.check(check)
        if better is None:
            continue
        photo = refreshed_photo(better)
        messages = _messages(photo.still, motion.timestamp_ms)
        start = number + round(len(messages) * PIECE_EVERY_S * fps)
        watch.replace(photo.rgb)
        if start < len(frames):
            found.append(RefreshedSource(photo.rgb, start, messages))
        resting_until = start + round(LEAST_INTERVAL_S * fps)
    return AttentiveClip(sent, found)


def _messages(still: bytes, timestamp_ms: int) -> list[int]:
    pieces = range(0, len(still), PIECE_BYTES)
    sha256 = content_hash(still)
    return [
        len(encode(RefreshAnnounce(sha256=sha256, size=len(still)))),
        *(len(still[place : place + PIECE_BYTES]) for place in pieces),
        len(encode(RefreshUse(sha256=sha256, timestamp_ms=timestamp_ms))),
    ]
