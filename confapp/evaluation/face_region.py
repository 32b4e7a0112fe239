"""Where the face is in a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confapp.media.face_detector import FaceBox
from confapp.media.video_frame import RgbImage

WIDENING = 1.3  # of the landmark hull's box, about its middle
MIN_SIDE = 32  # pixels; what the deepest metric needs

# Landmarks in iBUG order.
IMAGE_LEFT_EYE = slice(36, 42)
IMAGE_RIGHT_EYE = slice(42, 48)

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceRegion:
    """A rectangle of whole pixels inside the picture: left, top, right, bottom; ends exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, landmarks: Points, side: int) -> "FaceRegion":
        """The landmark hull's box widened by 30 %, cut at the borders of a picture `side` wide."""
        low, high = landmarks.min(0), landmarks.max(0)
        middle, half = (low + high) / 2, (high - low) / 2 * WIDENING
        start = np.clip(np.floor(middle - half), 0, max(side - MIN_SIDE, 0)).astype(int)
        end = np.clip(np.ceil(middle + half).astype(int), start + min(MIN_SIDE, side), side)
        return cls(int(start[0]), int(start[1]), int(end[0]), int(end[1]))

    def cut(self, picture: RgbImage) -> RgbImage:
        """The pixels of the region."""
        return picture[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True, slots=True)
class FacePlace:
    """Roughly where a face is, for a network that looks closer.

    Attributes:
        x, y: its middle, pixels.
        side: of the square that holds it when the head is upright, pixels.
        roll: of the line between the eyes, radians, clockwise.
    """

    x: float
    y: float
    side: float
    roll: float

    @classmethod
    def of_landmarks(cls, landmarks: Points) -> "FacePlace":
        """The square around landmarks, turned as the eyes are."""
        across = eye_centres(landmarks)[1] - eye_centres(landmarks)[0]
        roll = float(np.arctan2(across[1], across[0]))
        upright = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        turned = landmarks @ upright.T
        low, high = turned.min(0), turned.max(0)
        x, y = upright.T @ ((low + high) / 2)
        return cls(float(x), float(y), float((high - low).max()), roll)

    @classmethod
    def of_box(cls, box: FaceBox) -> "FacePlace":
        """A detector's box, upright."""
        return cls(*box.centre, box.size, 0.0)


def eye_centres(landmarks: Points) -> Points:
    """(2, 2): middle of the eye on the image's left, and of the one on its right."""
    return np.stack([landmarks[IMAGE_LEFT_EYE].mean(0), landmarks[IMAGE_RIGHT_EYE].mean(0)])
