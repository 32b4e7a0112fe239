"""A head elsewhere, of another size, or turned by more or less than its keypoints say."""

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from confapp.motion_frame import MotionFrame
from models.geometry import euler_angles, rotation_matrix

Numbers = NDArray[np.float64]

MOVES = 6  # numbers of a move: rotation vector, shift and growth


def moved_head(motion: MotionFrame, canonical: ArrayLike, move: ArrayLike) -> MotionFrame:
    """The head moved as a rigid body, and turned in J of eq. 4.

    R becomes exp(turn) R, which alone leaves every keypoint x_k = R x_{c,k} + t + delta_k where it
    is: t and delta make up for it. Keypoints grow from their mean by exp(growth) and shift.

    Args:
        motion: with all K deformations.
        canonical: x_c, (K, 3).
        move: (6,), the turn as a rotation vector in radians, the shift in x and y in half images,
            and the growth.

    Raises:
        ValueError: the frame has other keypoints.
    """
    points = np.asarray(canonical, np.float64)
    if len(points) != motion.keypoints:
        raise ValueError(f"the frame has {motion.keypoints} keypoints, the model {len(points)}")
    turn, shift, growth = np.split(np.asarray(move, np.float64), (3, 5))
    before = rotation_of(motion)
    after = cv2.Rodrigues(turn)[0] @ before
    placed = points @ before.T + motion.translation + motion.deformations
    middle = placed.mean(0)
    placed = middle + np.exp(growth) * (placed - middle) + np.append(shift, 0)
    rest = placed - points @ after.T
    translation = motion.translation + (rest - motion.translation - motion.deformations).mean(0)
    return MotionFrame.of(
        euler_angles(torch.from_numpy(after)[None])[0].numpy(),
        translation,
        rest - translation,
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
