"""Whether the source still explains what the camera sees, and which frame would explain it better.

The person puts on glasses, turns on a light, changes seats: then the other side sees somebody who
is no longer there. The sender renders its own picture now and then, as the receiver does, and looks
how far it is from the camera's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.openings import eye_gap, mouth_gap
from models.talking_head import SourceAppearance, TalkingHead

CHECK_EVERY_MS = 2000
ODD_CHECKS = 2  # in a row, before another source is tried
CANDIDATE_MS = 4000  # an older frame no longer is what the camera sees
# Two numbers decide; docs/bitstream.md has what they were found from.
ODD_MISMATCH = 1.4  # of what the source left when it was new
WORTH_MISMATCH = 0.75  # of the present source's, on a frame that the candidate has not seen
FRESH_CHECKS = 3  # that tell what a new source leaves

# A source is taken from the front and at rest.
MOST_YAW, MOST_PITCH, MOST_ROLL = 15.0, 15.0, 12.0  # degrees
MOST_MOUTH = 0.06  # half images; speaking lips give 0.08 and more
LEAST_EYES = 0.035  # open eyes give 0.05

# Where the face lies in a view, as shares of its side (see `confapp.media.framing`).
FACE_ROWS, FACE_COLUMNS = slice(0.25, 0.85), slice(0.2, 0.8)
SCALES = (4, 8, 16)  # of a view of 256: finer, motion's own error outweighs all else

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A frame that could be the next source.

    Attributes:
        view: (S, S, 3) uint8.
        timestamp_ms: of its capture.
        distance: from a face from the front and at rest.
    """

    view: RgbImage
    timestamp_ms: int
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class SourceCheck:
    """One look at what the source explains.

    Attributes:
        view: what the camera sees.
        motion: its motion.
        candidate: the best other source there is.
    """

    view: RgbImage
    motion: MotionFrame
    candidate: Candidate | None
