"""L_H: head angles against labels."""

import math

from torch import Tensor

from models.training.losses.masked import zero_where_unlabelled

# Angles are compared in radians: a radian moves a point at the head's radius by about that
# radius, so the number is of the size of the keypoint losses.
RADIANS_A_DEGREE = math.pi / 180


def head_pose_loss(angles: Tensor, labels: Tensor) -> Tensor:
    """L1 distance of the Euler angles in radians, summed over yaw, pitch and roll.

    Args:
        angles: (B, 3) degrees.
        labels: (B, 3) degrees, NaN where there is no label.
    """
    error = zero_where_unlabelled(angles - labels, labels).abs() * RADIANS_A_DEGREE
    return error.sum(-1).mean()
