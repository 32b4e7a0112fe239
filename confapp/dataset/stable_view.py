"""One still square view for all frames of a clip."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from confapp.media.face_detector import FaceBox
from confapp.media.framing import (
    FACE_SIZE,
    FACE_SIZE_RANGE,
    FACE_X,
    FACE_X_RANGE,
    FACE_Y,
    FACE_Y_RANGE,
    SLACK,
    Square,
)
from confapp.media.video_frame import RgbImage


def stable_view(faces: Sequence[FaceBox], width: int, height: int) -> Square | None:
    """A square of whole pixels, inside the picture, that shows all faces as training data does.

    It is where a call's framing would put it for the median face: a square picture stays whole if
    it can, else the face is about half as wide as the view.

    Args:
        faces: one or more boxes of the same face, in pixels of the picture.
        width, height: of the picture.

    Returns:
        The square, or None where there is none: the face moves too much, or is at the edge.
    """
    sizes = np.array([face.size for face in faces])
    smallest_share, largest_share = FACE_SIZE_RANGE[0] - SLACK, FACE_SIZE_RANGE[1] + SLACK
    least = float(sizes.max()) / largest_share
    most = min(float(sizes.min()) / smallest_share, width, height)
    axes = [
        _Axis([face.centre[0] for face in faces], width, FACE_X, FACE_X_RANGE),
        _Axis([face.centre[1] for face in faces], height, FACE_Y, FACE_Y_RANGE),
    ]
    for axis in axes:
        shortest, longest = axis.sides()
        least, most = max(least, shortest), min(most, longest)
    shortest_side, longest_side = math.ceil(least), math.floor(most)
    if shortest_side > longest_side:
        return None
    whole = width == height == longest_side
    wanted = width if whole else round(float(np.median(sizes)) / FACE_SIZE)
    side = min(max(wanted, shortest_side), longest_side)
    x, y = (axis.start(side) for axis in axes)
    return Square(x, y, side)


class _Axis:
    """One axis of the view: where its start may lie so that every centre is in the range."""

    def __init__(
        self, centres: list[float], length: int, share: float, shares: tuple[float, float]
    ) -> None:
        self._low, self._high = min(centres), max(centres)
        self._middle = float(np.median(centres))
        self._length = length
        self._share = share
        self._from, self._to = shares[0] - SLACK, shares[1] + SLACK

    def sides(self) -> tuple[float, float]:
        """Shortest and longest side for which there is a start.

        start <= low - from * side, start >= high - to * side, 0 <= start <= length - side.
        """
        shortest = (self._high - self._low) / (self._to - self._from)
        return shortest, min(self._low / self._from, (self._length - self._high) / (1 - self._to))

    def start(self, side: int) -> int:
        """The start that puts the median centre nearest to its place."""
        first = max(0.0, self._high - self._to * side)
        last = min(float(self._length - side), self._low - self._from * side)
        return round(float(np.clip(self._middle - self._share * side, first, last)))


def cut_view(rgb: RgbImage, square: Square, size: int) -> RgbImage:
    """(size, size, 3) uint8: a square of whole pixels inside the picture, scaled."""
    x, y, side = int(square.x), int(square.y), int(square.side)
    view = rgb[y : y + side, x : x + side]
    if side == size:
        return np.ascontiguousarray(view)
    method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(view, (size, size), interpolation=method).astype(np.uint8, copy=False)


def box_in_view(face: FaceBox, square: Square, size: int) -> FaceBox:
    """A box of the picture, in pixels of the view."""
    scale = size / square.side
    return FaceBox(
        (face.x - square.x) * scale, (face.y - square.y) * scale, face.size * scale, face.score
    )
