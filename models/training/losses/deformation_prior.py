"""L_Delta: deformations stay small, so that the canonical keypoints carry the person."""

from torch import Tensor


def deformation_prior_loss(deformations: Tensor) -> Tensor:
    """(B, K, 3) -> the L1 norm of a keypoint's deformation, mean over keypoints and batch."""
    return deformations.abs().sum(-1).mean()
