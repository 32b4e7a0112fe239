"""The turn after which the other person's head looks straight out of the picture."""

import numpy as np
import torch

from confapp.media.video_frame import RgbImage
from confapp.page.messages import MAX_ANGLE
from confapp.pose_offset import PoseOffset
from models.geometry import euler_angles, rotation_matrix
from models.talking_head import TalkingHead


def frontal_turn(head: TalkingHead, shown: RgbImage, offset: PoseOffset) -> PoseOffset:
    """The offset that would have shown this picture's head from the front.

    The picture's pose is R = R_u R_d, so the turn that gives the identity is R_d^-1 = R^-1 R_u.

    Args:
        head: the model, which measures the pose.
        shown: (size, size, 3) uint8, a rendering.
        offset: that it was rendered with; its shift stays.
    """
    pose = _matrix(head.encode_motion(shown).rotation.astype(np.float64))
    turn = _matrix(np.array([offset.yaw, offset.pitch, offset.roll], np.float64))
    angles = euler_angles((pose.T @ turn)[None])[0].clamp(-MAX_ANGLE, MAX_ANGLE)
    yaw, pitch, roll = angles.tolist()
    return PoseOffset(yaw, pitch, roll, offset.x, offset.y)


def _matrix(angles: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> torch.Tensor:
    return rotation_matrix(torch.from_numpy(angles)[None])[0]
