"""The angle between two head poses."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.geometry import rotation_matrix

Rotation = NDArray[np.float64]


def head_rotation(motion: MotionFrame, offset: PoseOffset = PoseOffset()) -> Rotation:  # noqa: B008 - a frozen value
    """R_u R of a motion seen with an offset, (3, 3)."""
    turned: Rotation = _matrix([offset.yaw, offset.pitch, offset.roll]) @ _matrix(motion.rotation)
    return turned


def angle_between(one: Rotation, other: Rotation) -> float:
    """Of the one turn that takes one pose to the other, 0 to 180 degrees."""
    cosine = (np.trace(one @ other.T) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _matrix(angles: ArrayLike) -> Rotation:
    row = torch.from_numpy(np.asarray(angles, np.float64))[None]
    return np.asarray(rotation_matrix(row)[0].numpy(), np.float64)
