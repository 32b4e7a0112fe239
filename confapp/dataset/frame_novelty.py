"""Whether a view shows something that the last kept one did not."""

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage

CELLS = 32  # a side: lips and eyelids move within one to three
CHANGED_CELLS = 5  # an eye that shuts, half a mouth that opens
CHANGE = 6.0  # levels of 255: above a codec's noise in the mean of a cell


class FrameNovelty:
    """Thins the frames of one clip to those that differ."""

    def __init__(self) -> None:
        self._kept: NDArray[np.float32] | None = None

    def differs(self, view: RgbImage) -> bool:
        """Whether a square uint8 view differs from the one that was kept last."""
        if self._kept is None:
            return True
        changes = np.abs(_cells(view) - self._kept)
        return int((changes >= CHANGE).sum()) >= CHANGED_CELLS

    def keep(self, view: RgbImage) -> None:
        """The next ones are compared with this view."""
        self._kept = _cells(view)


def _cells(view: RgbImage) -> NDArray[np.float32]:
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (CELLS, CELLS), interpolation=cv2.INTER_AREA).astype(np.float32)
