"""Where the pixels of one picture are in another, by dense inverse search.

Kroeger et al., ECCV 2016, as OpenCV has it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

GreyPicture = NDArray[np.uint8]
Flow = NDArray[np.float32]
Sure = NDArray[np.bool_]

MOST_ASTRAY = 1.0  # pixels between a place and where its flow there and back ends


class DenseFlow:
    """A search to use again and again, in one thread."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def between(self, one: GreyPicture, other: GreyPicture) -> Flow:
        """Shifts in pixels (S, S, 2), x and y, from pixels of one picture (S, S) to the other's."""
        found = self._search.calc(one, other, np.zeros((*one.shape, 2), np.float32))
        return found.astype(np.float32, copy=False)

    def there_and_back(self, one: GreyPicture, other: GreyPicture) -> tuple[Flow, Sure]:
        """The same, and where it is found from either side (S, S): not where one hides it."""
        there, back = self.between(one, other), self.between(other, one)
        y, x = np.mgrid[: one.shape[0], : one.shape[1]].astype(np.float32)
        returned = there + cv2.remap(
            back,
            x + there[..., 0],
            y + there[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        sure: Sure = np.hypot(returned[..., 0], returned[..., 1]) <= MOST_ASTRAY
        return there, sure
