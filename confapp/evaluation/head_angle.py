"""The angle between two head poses."""

import numpy as np
from numpy.typing import NDArray

from confapp.dataset.head_pose_label import head_pose_of_mesh
from confapp.evaluation.face_region import Points
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.head_rotation import matrix_of

Rotation = NDArray[np.float64]


def head_rotation(motion: MotionFrame, offset: PoseOffset = PoseOffset()) -> Rotation:  # noqa: B008 - a frozen value
    """R_u R of a motion seen with an offset, (3, 3)."""
    turned: Rotation = offset_rotation(offset) @ matrix_of(motion.rotation)
    return turned


def mesh_rotation(mesh: Points) -> Rotation:
    """R of a face mesh, (3, 3): no network of ours has a say in it.

    Args:
        mesh: (478, 3) of `FaceLandmarks.find_mesh`.
    """
    return matrix_of(head_pose_of_mesh(mesh)[0])


def offset_rotation(offset: PoseOffset) -> Rotation:
    """R_u of the viewer's turn, (3, 3)."""
    return matrix_of([offset.yaw, offset.pitch, offset.roll])


def angle_between(one: Rotation, other: Rotation) -> float:
    """Of the one turn that takes one pose to the other, 0 to 180 degrees."""
    cosine = (np.trace(one @ other.T) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
