"""Cuts between the shots of a video."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage

THUMBNAIL = 32  # pixels a side
MEMORY = 8  # looks: how much the picture moves by itself
# Mean differences of thumbnails, in levels of 255. Six looks a second at talking heads differ by 1
# to 8, at most by 25 where the whole body moves; pictures of two videos by 34 or more.
MOVES_TIMES = 4.0
LEAST, SURE = 15.0, 45.0


class ShotBoundary:
    """Compares each look with the last one.

    A cut between two takes that look alike is not seen; a face that jumps tells of most of those.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._shape: tuple[int, ...] = ()
        self._moves: deque[float] = deque(maxlen=MEMORY)

    def is_cut(self, rgb: RgbImage) -> bool:
        """Whether this (H, W, 3) uint8 picture begins a shot; the first one does not."""
        small = cv2.resize(rgb, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
        thumbnail = small.astype(np.float32)
        last, shape = self._last, self._shape
        self._last, self._shape = thumbnail, rgb.shape
        if last is None:
            return False
        move = float(np.abs(thumbnail - last).mean())
        usual = MOVES_TIMES * float(np.median(self._moves)) if self._moves else 0.0
        if rgb.shape != shape or move >= min(max(usual, LEAST), SURE):
            self._moves.clear()
            return True
        self._moves.append(move)
        return False
