"""What is seen of a face in the mirror, told as of the face itself.

A face in the mirror has the same pose and expression, left and right exchanged; but what H and Δ
say of the two differs by more than a pixel a keypoint, with errors that are partly independent. So
their mean is nearer to the truth than either.
"""

import torch
from torch import Tensor, nn

from models.facial_landmarks import GUIDES, MIRRORED_LANDMARKS
from models.motion_encoder import Motion


class Mirror(nn.Module):
    """Undoes the mirror: x, yaw and roll change sign, and partners exchange their places.

    Canonical places are taken to be symmetric, which those of guided keypoints nearly are.

    Args:
        keypoints: K.
    """

    def __init__(self, keypoints: int) -> None:
        super().__init__()
        constants = {
            "turned": torch.tensor([-1.0, 1, -1]),
            "across": torch.tensor([-1.0, 1, 1]),
            "keypoints": torch.tensor(mirrored_keypoints(keypoints)),
            "landmarks": torch.tensor(MIRRORED_LANDMARKS),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)
        self.turned: Tensor
        self.across: Tensor
        self.keypoints: Tensor
        self.landmarks: Tensor

    def undone(self, motion: Motion) -> Motion:
        """Motion found in mirror images, as it is in the pictures themselves."""
        landmarks = motion.landmarks
        if landmarks is not None:
            landmarks = landmarks[:, self.landmarks] * self.across[:2]
        return Motion(
            motion.angles * self.turned,
            motion.translation * self.across,
            motion.deformations[:, self.keypoints] * self.across,
            landmarks,
        )

    def forward(self, seen: Motion, mirrored: Motion) -> Motion:
        """The mean of the motion found in pictures and in their mirror images."""
        other = self.undone(mirrored)
        landmarks = None
        if seen.landmarks is not None and other.landmarks is not None:
            landmarks = (seen.landmarks + other.landmarks) / 2
        return Motion(
            (seen.angles + other.angles) / 2,
            (seen.translation + other.translation) / 2,
            (seen.deformations + other.deformations) / 2,
            landmarks,
        )


def mirrored_keypoints(count: int) -> list[int]:
    """Whose place each of K guided keypoints takes in the mirror.

    Those that no landmark guides, and those whose partner is not among the K, keep their own.
    """
    guides = [frozenset(points) for points in GUIDES]
    partners = [
        guides.index(frozenset(MIRRORED_LANDMARKS[point] for point in points)) for points in GUIDES
    ]
    partners += range(len(partners), count)
    return [partner if partner < count else own for own, partner in enumerate(partners[:count])]
