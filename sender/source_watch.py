"""Whether the source still explains what the camera sees, and which frame would explain it better.

The person puts on glasses, turns on a light, changes seats: then the other side sees somebody who
is no longer there. The sender renders its own picture now and then, as the receiver does, and looks
how far it is from the camera's. A frame becomes the next source only when it explains frames that
it has not seen much better than the present source does, twice in a row.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.openings import LOWER_LIDS, eye_gap, mouth_gap
from models.talking_head import SourceAppearance, TalkingHead

CHECK_EVERY_MS = 2000
TRY_EVERY_MS = 1000  # while a candidate is looked at
CANDIDATE_MS = 1000  # before a check; an older frame may be of before the change
# What they were found from is in docs/bitstream.md.
ODD_MISMATCH = 0.1
WORTH_SHARE = 0.8  # of the present source's mismatch
WORTH_CHECKS = 2  # in a row

# A source is taken from the front and at rest.
MOST_YAW, MOST_PITCH, MOST_ROLL = 15.0, 15.0, 12.0  # degrees
MOST_MOUTH = 0.14  # half images; a smile gives 0.1, wide open lips 0.2 and more
LEAST_EYES = 0.035  # open eyes give 0.05
LEAST_SHARP = 0.7  # of the present source's detail

# Where the face lies in a view, as shares of its side (see `confapp.media.framing`).
TOP, BOTTOM, LEFT, RIGHT = 0.25, 0.85, 0.2, 0.8
COARSE_SIDE = 32  # pixels of a view: finer, the motion's own error outweighs a changed person

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SeenFrame:
    """What the camera saw.

    Attributes:
        view: (S, S, 3) uint8.
        motion: of the person in it, as encoded.
    """

    view: RgbImage
    motion: MotionFrame


@dataclass(frozen=True, slots=True, eq=False)
class SourceCheck:
    """What to look at.

    Attributes:
        frame: the newest one.
        candidate: the recent one that would be the best source; None if none would.
    """

    frame: SeenFrame
    candidate: SeenFrame | None


class SourceWatch:
    """Looks at the frames of one stream.

    Args:
        head: the model.
        source: (S, S, 3) uint8, what the other side animates.
    """

    def __init__(self, head: TalkingHead, source: RgbImage) -> None:
        self._head = head
        config = head.config
        guided = config.motion_encoder.landmark_width > 0
        self._tells_openings = guided and config.keypoints > max(LOWER_LIDS)
        self._best: SeenFrame | None = None
        self._best_distance = 1.0
        self._next_check_ms: int | None = None
        self._tried: RgbImage | None = None
        self._tried_appearance: SourceAppearance | None = None
        self._worth = 0
        self._source = source
        self._appearance: SourceAppearance | None = None

    def see(self, frame: SeenFrame) -> SourceCheck | None:
        """Take a frame in, in order of time; what to check, when it is time to."""
        now_ms = frame.motion.timestamp_ms
        if self._next_check_ms is None:
            self._next_check_ms = now_ms + CHECK_EVERY_MS
        distance = self._distance(frame.motion)
        recent = now_ms > self._next_check_ms - CANDIDATE_MS
        if recent and distance < self._best_distance:
            self._best, self._best_distance = frame, distance
        if now_ms < self._next_check_ms:
            return None
        self._next_check_ms = now_ms + (TRY_EVERY_MS if self._tried is not None else CHECK_EVERY_MS)
        check = SourceCheck(frame, self._best)
        self._best, self._best_distance = None, 1.0
        return check

    def check(self, check: SourceCheck) -> RgbImage | None:
        """Render what the other side sees; the view to send as the next source, if any.

        Takes the time of one or two renderings, and now and then of F and L.
        """
        frame, best = check.frame, check.candidate
        present = self._mismatch(self.appearance(), frame)
        if present < ODD_MISMATCH:
            self._forget()
            return None
        if self._tried is not None and self._tried_appearance is not None:
            if self._mismatch(self._tried_appearance, frame) <= WORTH_SHARE * present:
                self._worth += 1
                return self._tried if self._worth >= WORTH_CHECKS else None
            self._forget()
        if best is not None and detail(best.view) >= LEAST_SHARP * detail(self._source):
            self._tried, self._tried_appearance = best.view, self._head.encode_source(best.view)
        return None

    def appearance(self) -> SourceAppearance:
        """The present source, as the other side has it; made when first asked for."""
        if self._appearance is None:
            self._appearance = self._head.encode_source(self._source)
        return self._appearance

    def replace(self, source: RgbImage) -> None:
        """The other side animates this source from now on."""
        self._source, self._appearance = source, None
        self._forget()

    def _forget(self) -> None:
        self._tried = self._tried_appearance = None
        self._worth = 0

    def _mismatch(self, appearance: SourceAppearance, frame: SeenFrame) -> float:
        return mismatch(self._head.render(appearance, frame.motion), frame.view)

    def _distance(self, motion: MotionFrame) -> float:
        """From a face from the front and at rest; 1 and more is not to be taken."""
        yaw, pitch, roll = np.abs(motion.rotation.astype(np.float64))
        parts = [yaw / MOST_YAW, pitch / MOST_PITCH, roll / MOST_ROLL]
        if self._tells_openings:
            parts += [mouth_gap(motion) / MOST_MOUTH, float(eye_gap(motion) < LEAST_EYES)]
        return max(parts) if max(parts) >= 1 else float(np.mean(np.square(parts)))


def mismatch(picture: RgbImage, truth: RgbImage) -> float:
    """How far a rendered face is from the true one: 0 for the same, about 0.05 for a good one.

    Geometric mean of the colours' mean distance, in [0, 1], and of the share of the gradients that
    is not the same, both of coarse pictures. Light shows in the one, glasses in the other.
    """
    one, other = _coarse_face(picture), _coarse_face(truth)
    colour = float(np.abs(one - other).mean())
    apart = strength = 0.0
    for axis in (0, 1):
        a, b = np.diff(one, axis=axis), np.diff(other, axis=axis)
        apart += float(np.abs(a - b).sum())
        strength += float(np.abs(a).sum() + np.abs(b).sum())
    return float(np.sqrt(colour * apart / max(strength, 1e-6)))


def detail(view: RgbImage) -> float:
    """How sharp a face is: mean size of its Laplacian over its contrast, whatever the light."""
    grey = cv2.cvtColor(np.ascontiguousarray(_face(view)), cv2.COLOR_RGB2GRAY)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()) / max(float(grey.std()), 1.0)


def _face(view: RgbImage) -> RgbImage:
    side = len(view)
    return view[round(TOP * side) : round(BOTTOM * side), round(LEFT * side) : round(RIGHT * side)]


def _coarse_face(view: RgbImage) -> Plane:
    size = (COARSE_SIDE, COARSE_SIDE)
    coarse = cv2.resize(view, size, interpolation=cv2.INTER_AREA)
    return _face(coarse.astype(np.uint8, copy=False)).astype(np.float32) / np.float32(255)
