"""A clip as its sender sees it: the motion of all frames, and the pictures of some."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confapp.media.clip import Clip
from confapp.media.still import decode_still, encode_still
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from sender.clip_encoder import DrivingClip


@dataclass(frozen=True, slots=True, eq=False)
class DrivenClip:
    """One clip.

    Attributes:
        motions: of all frames.
        source: the first picture, as the receiver has it.
        numbers: of the frames whose pictures are kept, without the first.
        pictures: these.
    """

    motions: list[MotionFrame]
    source: RgbImage
    numbers: list[int]
    pictures: list[RgbImage]

    @classmethod
    def of(cls, head: TalkingHead, path: Path, pictures: int) -> "DrivenClip":
        """Read a clip, framed as in a call, and keep so many pictures, evenly spread."""
        frames = list(DrivingClip(head, Clip(path)))
        numbers = np.linspace(0, len(frames) - 1, pictures + 1).round().astype(int).tolist()[1:]
        return cls(
            [frame.motion for frame in frames],
            decode_still(encode_still(frames[0].view)),
            numbers,
            [frames[number].view for number in numbers],
        )

    @property
    def seconds(self) -> float:
        """From the first frame to the last one's end."""
        span_ms = self.motions[-1].timestamp_ms - self.motions[0].timestamp_ms
        return span_ms / 1000 * len(self.motions) / (len(self.motions) - 1)
