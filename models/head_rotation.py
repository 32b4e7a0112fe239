"""Head poses as matrices, for one frame at a time.

`models.geometry` has the convention; a few numbers of one frame are numpy's.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from models.geometry import euler_angles, rotation_matrix

Numbers = NDArray[np.float64]


def matrix_of(angles: ArrayLike) -> Numbers:
    """Yaw, pitch, roll in degrees (3,) -> R (3, 3)."""
    row = torch.from_numpy(np.asarray(angles, np.float64))[None]
    return np.asarray(rotation_matrix(row)[0].numpy(), np.float64)


def angles_of(matrix: ArrayLike) -> Numbers:
    """The inverse of `matrix_of`; yaw within +-90."""
    row = torch.from_numpy(np.ascontiguousarray(matrix, np.float64))[None]
    return np.asarray(euler_angles(row)[0].numpy(), np.float64)
