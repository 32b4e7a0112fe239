"""Where the pixels of one picture are in another, by dense inverse search.

Kroeger et al., ECCV 2016, as OpenCV has it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

GreyPicture = NDArray[np.uint8]
Flow = NDArray[np.float32]


class DenseFlow:
    """A search to use again and again, in one thread."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, one: GreyPicture, other: GreyPicture) -> Flow:
        """Shifts in pixels (S, S, 2), x and y, from pixels of one picture (S, S) to the other's."""
        found = self._search.calc(one, other, np.zeros((*one.shape, 2), np.float32))
        return found.astype(np.float32, copy=False)
