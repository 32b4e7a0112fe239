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
    """The mean of two looks, at a picture and at its mirror image.

    In the mirror x, yaw and roll change sign, and keypoints take their partners' places, whose
    canonical ones are taken to be symmetric. Keypoints without a partner stay as the first look has
    them.

    Args:
        count: K.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        partners = mirrored_keypoints(count)
        constants = {
            "signs": torch.tensor([-1.0, 1, 1]),
            "angle_signs": torch.tensor([-1.0, 1, -1]),
            "paired": torch.tensor([partner is not None for partner in partners])[:, None],
            "keypoint_order": torch.tensor(
                [own if partner is None else partner for own, partner in enumerate(partners)]
            ),
            "landmark_order": torch.tensor(MIRRORED_LANDMARKS),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)
        self.signs: Tensor
        self.angle_signs: Tensor
        self.paired: Tensor
        self.keypoint_order: Tensor
        self.landmark_order: Tensor

    def forward(self, seen: Motion, mirrored: Motion) -> Motion:
        """Motion found in pictures and in their mirror images -> their mean, as of the pictures."""
        found = mirrored.deformations[:, self.keypoint_order] * self.signs
        landmarks = seen.landmarks
        if landmarks is not None and mirrored.landmarks is not None:
            places = mirrored.landmarks[:, self.landmark_order] * self.signs[:2]
            landmarks = (landmarks + places) / 2
        return Motion(
            (seen.angles + mirrored.angles * self.angle_signs) / 2,
            (seen.translation + mirrored.translation * self.signs) / 2,
            torch.where(self.paired, (seen.deformations + found) / 2, seen.deformations),
            landmarks,
        )


def mirrored_keypoints(count: int) -> list[int | None]:
    """Whose place each of K guided keypoints takes in the mirror; its own where it is the middle.

    None for those that no landmark guides, and those whose partner is not among the K.
    """
    guides = [frozenset(points) for points in GUIDES]
    partners: list[int | None] = [None] * count
    for own, points in enumerate(GUIDES[:count]):
        partner = guides.index(frozenset(MIRRORED_LANDMARKS[point] for point in points))
        partners[own] = partner if partner < count else None
    return partners
