"""L_G: the hinge loss of a patch GAN, and feature matching."""

import torch
import torch.nn.functional as F
from torch import Tensor

# What `models.discriminator.Discriminator` returns: scores and features of each scale.
Verdict = list[tuple[Tensor, list[Tensor]]]


def discriminator_loss(real: Verdict, fake: Verdict) -> Tensor:
    """Hinge: mean max(0, 1 - D(real)) + mean max(0, 1 + D(fake)), averaged over scales."""
    losses = [
        F.relu(1 - truth.float()).mean() + F.relu(1 + rendering.float()).mean()
        for (truth, _), (rendering, _) in zip(real, fake, strict=True)
    ]
    return torch.stack(losses).mean()


def generator_loss(fake: Verdict) -> Tensor:
    """Hinge for the generator: - mean D(fake), averaged over scales."""
    return torch.stack([-scores.float().mean() for scores, _ in fake]).mean()


def feature_matching_loss(real: Verdict, fake: Verdict) -> Tensor:
    """L1 between the discriminator's features of truth and rendering, mean over layers."""
    losses = [
        (truth.detach().float() - rendering.float()).abs().mean()
        for (_, truths), (_, renderings) in zip(real, fake, strict=True)
        for truth, rendering in zip(truths, renderings, strict=True)
    ]
    return torch.stack(losses).mean()
