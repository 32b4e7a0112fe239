"""A head that turns by more, or less, than its keypoints say."""

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from confapp.motion_frame import MotionFrame
from models.geometry import euler_angles, rotation_matrix

Numbers = NDArray[np.float64]


def turned(motion: MotionFrame, canonical: ArrayLike, turn: ArrayLike) -> MotionFrame:
    """The same keypoints under another rotation: the one in J of eq. 4.

    R becomes exp(turn) R; t and delta make up for it, so that x_k = R x_{c,k} + t + delta_k stays,
    but for the rounding to float16.

    Args:
        motion: with all K deformations.
        canonical: x_c, (K, 3).
        turn: (3,) rotation vector, radians.

    Raises:
        ValueError: the frame has other keypoints.
    """
    points = np.asarray(canonical, np.float64)
    if len(points) != motion.keypoints:
        raise ValueError(f"the frame has {motion.keypoints} keypoints, the model {len(points)}")
    before = rotation_of(motion)
    after = cv2.Rodrigues(np.asarray(turn, np.float64))[0] @ before
    moved = points @ (before - after).T
    shift = moved.mean(0)
    return MotionFrame.of(
        euler_angles(torch.from_numpy(after)[None])[0].numpy(),
        motion.translation + shift,
        motion.deformations + (moved - shift),
        motion.timestamp_ms,
    )


def turn_between(one: MotionFrame, other: MotionFrame) -> Numbers:
    """The rotation vector (3,) that takes one head pose to the other, radians."""
    turn, _ = cv2.Rodrigues(rotation_of(other) @ rotation_of(one).T)
    return turn[:, 0].astype(np.float64, copy=False)


def rotation_of(motion: MotionFrame) -> Numbers:
    """R of a frame, (3, 3)."""
    angles = torch.from_numpy(motion.rotation.astype(np.float64))
    matrix: Numbers = rotation_matrix(angles[None])[0].numpy()
    return matrix
