"""Keypoint dropout (appendix C.2): from a random index on, deformations are not sent."""

import torch
from torch import Tensor

LARGEST_SHARE = 0.75  # of the keypoints, left out at most


def draw_kept(batch: int, keypoints: int, probability: float, random: torch.Generator) -> Tensor:
    """How many deformations of each sample are sent: (B,), drawn on the CPU.

    Args:
        probability: of a sample to lose any; the others keep all.

    Returns:
        With `probability` uniform in [K - 0.75 K, K], else K.
    """
    most = int(keypoints * LARGEST_SHARE)
    lost = torch.randint(0, most + 1, (batch,), generator=random)
    drawn = torch.rand(batch, generator=random) < probability
    return keypoints - lost * drawn


def drop_deformations(deformations: Tensor, kept: Tensor) -> Tensor:
    """Zero the deformations (B, K, 3) from index kept[b] on, as a receiver does."""
    order = torch.arange(deformations.shape[1], device=deformations.device)
    return deformations * (order < kept[:, None])[..., None]
