"""Whether mouth and eyelids follow the driver over a clip."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confapp.evaluation.face_region import Points, eye_centres

# Landmarks in iBUG order: upper and lower point of each opening.
INNER_LIPS = ((62, 66),)
EYELIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
BLINK_SHARE = 0.5  # of the clip's median eye opening: below it the eyes are shut
MIN_FRAMES = 3  # a correlation of fewer says nothing

Series = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Expression:
    """Pearson correlations between rendering and driver over the frames of one clip.

    Attributes:
        mouth: of the mouth opening; None where one of the two does not move at all.
        eyes: of the eye opening; None likewise.
        blinks: whether the driver shuts the eyes.
        frames: how many were compared.
    """

    mouth: float | None
    eyes: float | None
    blinks: bool
    frames: int

    @classmethod
    def between(cls, renderings: Sequence[Points], drivers: Sequence[Points]) -> "Expression":
        """Compare landmarks frame by frame."""
        eyes = np.array([eye_opening(points) for points in drivers])
        return cls(
            mouth=_correlation(
                [mouth_opening(p) for p in renderings], [mouth_opening(p) for p in drivers]
            ),
            eyes=_correlation([eye_opening(p) for p in renderings], eyes),
            blinks=bool(len(eyes) and eyes.min() < BLINK_SHARE * np.median(eyes)),
            frames=len(drivers),
        )


def mouth_opening(landmarks: Points) -> float:
    """Distance of the inner lips over the distance between the eyes."""
    return _opening(landmarks, INNER_LIPS)


def eye_opening(landmarks: Points) -> float:
    """Distance of the eyelids, mean of both eyes, over the distance between the eyes."""
    return _opening(landmarks, EYELIDS)


def _opening(landmarks: Points, gaps: Sequence[tuple[int, int]]) -> float:
    left, right = eye_centres(landmarks)
    heights = [np.linalg.norm(landmarks[upper] - landmarks[lower]) for upper, lower in gaps]
    return float(np.mean(heights) / max(np.linalg.norm(right - left), 1.0))


def _correlation(one: Sequence[float] | Series, other: Sequence[float] | Series) -> float | None:
    a, b = np.asarray(one), np.asarray(other)
    if len(a) < MIN_FRAMES or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
