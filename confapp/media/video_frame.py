"""One picture of a moving source."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A picture and when it was taken.

    Attributes:
        rgb: (H, W, 3) uint8.
        timestamp_ms: milliseconds since the source began, >= 0 and rising.
        index: number of the frame in its source, from 0; a gap means frames left out on purpose.
    """

    rgb: RgbImage
    timestamp_ms: int
    index: int
