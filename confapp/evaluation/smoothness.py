"""Whether a rendering keeps still where its driver does: flicker beside the input's own noise."""

from dataclasses import dataclass

import numpy as np

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import FaceRegion
from confapp.evaluation.picture_metrics import at_reference
from confapp.media.video_frame import RgbImage

STRETCH = 25  # consecutive frames: a second of most clips


@dataclass(frozen=True, slots=True)
class StillStretch:
    """The 25 consecutive drivers of a clip whose landmarks move least from frame to frame.

    Attributes:
        start: number of its first frame among the clip's frames.
        moved: mean way of a landmark from one frame to the next, pixels at 256.
        region: the face, one rectangle for all: the box around the landmarks of all its frames,
            widened by 30 %.
    """

    start: int
    moved: float
    region: FaceRegion

    @classmethod
    def of(cls, clip: EvaluationClip) -> "StillStretch | None":
        """The first of the stillest; None where no 25 drivers follow each other without a gap."""
        drivers = slice(1, None)  # frame 0 is the source
        steps = np.linalg.norm(np.diff(clip.landmarks[drivers], axis=0), axis=2).mean(1)
        # A step over frames that were left out makes every stretch that holds it the last choice.
        steps = np.where(np.diff(clip.numbers[drivers]) == 1, steps, np.inf)
        if len(steps) < STRETCH - 1:
            return None
        means = np.lib.stride_tricks.sliding_window_view(steps, STRETCH - 1).mean(1)
        start = int(means.argmin()) + 1
        if not np.isfinite(means[start - 1]):
            return None
        points = clip.landmarks[start : start + STRETCH].reshape(-1, 2)
        side = len(clip.frames[0])
        moved = at_reference(float(means[start - 1]), clip.frames[0])
        return cls(start, moved, FaceRegion.around(points, side))

    def __contains__(self, index: int) -> bool:
        """Whether a frame of the clip belongs to it."""
        return self.start <= index < self.start + STRETCH


@dataclass(frozen=True, slots=True)
class Smoothness:
    """Mean absolute difference from frame to frame inside the face over a still stretch, 0-255.

    Attributes:
        stretch: where.
        rendering, driver: of the two.
    """

    stretch: StillStretch
    rendering: float
    driver: float

    @property
    def ratio(self) -> float | None:
        """Rendering over driver: 1 as smooth as the input; None where the input stands still."""
        return self.rendering / self.driver if self.driver > 0 else None


class SmoothnessMeter:
    """Takes a stretch frame by frame and keeps the last one alone."""

    def __init__(self, stretch: StillStretch) -> None:
        self._stretch = stretch
        self._last: tuple[RgbImage, RgbImage] | None = None
        self._sums = np.zeros(2)
        self._steps = 0

    def add(self, index: int, rendering: RgbImage, driver: RgbImage) -> None:
        """The next frame of the clip; those outside the stretch are passed over."""
        if index not in self._stretch:
            return
        cut = self._stretch.region.cut
        faces = cut(rendering), cut(driver)
        if self._last is not None:
            self._sums += [
                np.abs(face.astype(np.int16) - last).mean()
                for face, last in zip(faces, self._last, strict=True)
            ]
            self._steps += 1
        self._last = faces

    def smoothness(self) -> Smoothness:
        """Over the frames added, two at least."""
        rendering, driver = self._sums / self._steps
        return Smoothness(self._stretch, float(rendering), float(driver))
