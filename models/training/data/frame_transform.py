"""Mirroring and moving frames, with head pose and landmarks moving along."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.facial_landmarks import MIRRORED_LANDMARKS
from models.geometry import euler_angles, rotation_matrix


@dataclass(frozen=True, slots=True)
class LabelledFrames:
    """N frames with their labels, as in `PairBatch`.

    Attributes:
        images: (N, 3, S, S).
        angles: (N, 3) degrees.
        landmarks: (N, 68, 2).
    """

    images: Tensor
    angles: Tensor
    landmarks: Tensor

    def __getitem__(self, rows: Tensor) -> "LabelledFrames":
        """Some of the frames."""
        return LabelledFrames(self.images[rows], self.angles[rows], self.landmarks[rows])

    def replaced(self, rows: Tensor, by: "LabelledFrames") -> "LabelledFrames":
        """All frames, with those of `rows` exchanged."""
        return LabelledFrames(
            self.images.index_copy(0, rows, by.images),
            self.angles.index_copy(0, rows, by.angles),
            self.landmarks.index_copy(0, rows, by.landmarks),
        )


def mirror(frames: LabelledFrames) -> LabelledFrames:
    """Left and right exchanged: x, yaw and roll change sign, and left points become right ones."""
    angles = frames.angles * frames.angles.new_tensor([-1, 1, -1])
    order = torch.tensor(MIRRORED_LANDMARKS, device=frames.landmarks.device)
    landmarks = frames.landmarks[:, order] * frames.landmarks.new_tensor([-1, 1])
    return LabelledFrames(frames.images.flip(-1), angles, landmarks)


def move(frames: LabelledFrames, rotation: Tensor, zoom: Tensor, shift: Tensor) -> LabelledFrames:
    """Rotate about the centre, then scale about it, then shift; the picture is mirrored at its rim.

    Args:
        rotation: (N,) degrees clockwise.
        zoom: (N,) factor.
        shift: (N, 2) x, y in half pictures.
    """
    still = torch.zeros_like(rotation)
    turn = rotation_matrix(torch.stack([still, still, rotation], dim=-1))
    plane = turn[:, :2, :2]
    # The grid says where each output pixel comes from: p_in = plane^-1 (p_out - shift) / zoom.
    inverse = plane.transpose(1, 2) / zoom[:, None, None]
    origin = -inverse @ shift[..., None]
    grid = F.affine_grid(
        torch.cat([inverse, origin], dim=-1), list(frames.images.shape), align_corners=False
    )
    images = F.grid_sample(
        frames.images, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
    landmarks = frames.landmarks @ plane.transpose(1, 2) * zoom[:, None, None] + shift[:, None]
    # The picture's rotation comes after the head's own: R' = Rz R.
    angles = euler_angles(turn @ rotation_matrix(frames.angles))
    return LabelledFrames(images.clamp(0, 1), angles, landmarks)
