"""Renders a source at the model's size or, to save time, at a smaller one."""

from dataclasses import dataclass

import cv2
import numpy as np

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.talking_head import SourceAppearance, TalkingHead

WHOLE = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SizedSource:
    """A source photo.

    Attributes:
        rgb: (size, size, 3) uint8, of the model's size.
        appearances: what was made of it so far, by the share of the side.
    """

    rgb: RgbImage
    appearances: dict[float, SourceAppearance]

    @property
    def own_motion(self) -> MotionFrame:
        """The photo's own head pose and expression."""
        return self.appearances[WHOLE].motion


class SizedRenderer:
    """One model at any size that is asked for; what comes out always has the model's own.

    One thread renders, another one may prepare meanwhile. The networks of a smaller size are made
    the first time that it is asked for.

    Args:
        head: the model.
    """

    def __init__(self, head: TalkingHead) -> None:
        self._heads = {WHOLE: head}

    def source(self, rgb: RgbImage) -> SizedSource:
        """A photo, ready for the whole size.

        Raises:
            ValueError: it is not of the model's size.
        """
        return SizedSource(rgb, {WHOLE: self._heads[WHOLE].encode_source(rgb)})

    def prepare(self, source: SizedSource, share: float) -> None:
        """Make ready what `render` needs; it takes half a second the first time."""
        if share not in self._heads:
            self._heads[share] = self._heads[WHOLE].smaller(share)
        if share not in source.appearances:
            head = self._heads[share]
            small = _resized(source.rgb, head.config.image_size, cv2.INTER_AREA)
            source.appearances[share] = head.encode_source(small)

    def render(
        self, source: SizedSource, motion: MotionFrame, offset: PoseOffset, share: float
    ) -> RgbImage:
        """The source's person with a frame's motion: (size, size, 3) uint8.

        Args:
            share: of the side at which the networks run, prepared before.
        """
        picture = self._heads[share].render(source.appearances[share], motion, offset)
        return _resized(picture, self._heads[WHOLE].config.image_size, cv2.INTER_CUBIC)


def _resized(picture: RgbImage, size: int, method: int) -> RgbImage:
    if picture.shape[0] == size:
        return picture
    return cv2.resize(picture, (size, size), interpolation=method).astype(np.uint8, copy=False)
