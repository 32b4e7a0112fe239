"""A head elsewhere, of another size, or turned by more or less than its keypoints say."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from confapp.motion_frame import MotionFrame
from models.head_rotation import angles_of, matrix_of

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
    before = matrix_of(motion.rotation)
    after = cv2.Rodrigues(turn)[0] @ before
    placed = points @ before.T + motion.translation + motion.deformations
    middle = placed.mean(0)
    placed = middle + np.exp(growth) * (placed - middle) + np.append(shift, 0)
    rest = placed - points @ after.T
    translation = motion.translation + (rest - motion.translation - motion.deformations).mean(0)
    return MotionFrame.of(
        angles_of(after),
        translation,
        rest - translation,
        motion.timestamp_ms,
    )
