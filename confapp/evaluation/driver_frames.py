"""Which frames of a clip show the most of what a face does."""

import numpy as np
from numpy.typing import NDArray

from confapp.evaluation.expression import eye_opening, mouth_opening
from confapp.evaluation.face_region import Points, eye_centres

# Pose moves landmarks by about half the distance between the eyes. An open mouth and shut eyes
# move a few of them by less and count as much: openings over that distance reach 0.5 and 0.15.
MOUTH_WEIGHT = 1.0
EYES_WEIGHT = 3.0


def spread_frames(landmarks: NDArray[np.float64], count: int) -> list[int]:
    """Frames far from each other in pose and expression, in order.

    Farthest-point selection from frame 0 on: each next one is the furthest from all before it.
    Where it stands in the picture and how large it is makes no difference. Without landmarks, or
    when all frames are alike, they are evenly spread.

    Args:
        landmarks: (n, 68, 2) pixels; not a number where unknown.
        count: how many; all where there are fewer.
    """
    total = len(landmarks)
    if count >= total:
        return list(range(total))
    shapes = np.stack([_shape(points) for points in landmarks])
    if not np.isfinite(shapes).all():
        return _evenly(total, count)
    chosen = [0]
    nearest = np.full(total, np.inf)
    while len(chosen) < count:
        nearest = np.minimum(nearest, np.linalg.norm(shapes - shapes[chosen[-1]], axis=1))
        if nearest.max() == 0:
            return _evenly(total, count)
        chosen.append(int(nearest.argmax()))
    return sorted(chosen)


def variety(landmarks: NDArray[np.float64], chosen: list[int]) -> float:
    """Mean distance from each chosen frame to the one most like it; 0 without landmarks."""
    shapes = np.stack([_shape(landmarks[index]) for index in chosen])
    if len(chosen) < 2 or not np.isfinite(shapes).all():
        return 0.0
    apart = np.linalg.norm(shapes[:, None] - shapes[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(apart.min(1).mean())


def _shape(points: Points) -> NDArray[np.float64]:
    """A face as a point: distances are those of landmarks (root mean square) and of openings."""
    left, right = eye_centres(points)
    apart = max(float(np.linalg.norm(right - left)), 1.0)
    placed = (points - points.mean(0)) / apart / np.sqrt(len(points))
    openings = [MOUTH_WEIGHT * mouth_opening(points), EYES_WEIGHT * eye_opening(points)]
    return np.concatenate([placed.ravel(), openings])


def _evenly(total: int, count: int) -> list[int]:
    return [round(place) for place in np.linspace(0, total - 1, count)]
