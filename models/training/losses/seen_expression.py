"""Whether a rendering shows the driver's expression, as the landmarks found in it say.

Not in the paper. An eyelid moves by two pixels, which a comparison of pictures hardly notices; a
network that finds landmarks does, and its gradient says which way the lid should go.
"""

import torch
from torch import Tensor, nn

from models.training.losses.landmark_guide import wing

EXPRESSIVE = slice(36, 68)  # eyes and mouth (iBUG's 68)


def seen_expression_loss(finder: nn.Module, rendering: Tensor, driving: Tensor) -> Tensor:
    """Wing loss between eyes and mouth as found in a rendering and in the driver.

    Args:
        finder: a motion encoder that finds landmarks, in evaluation mode and not in training; it
            looks twice where it does so in use.
        rendering, driving: (B, 3, H, W) in [0, 1].
    """
    with torch.no_grad():
        expected = finder(driving).landmarks
    found = finder(rendering).landmarks
    return wing(found[:, EXPRESSIVE] - expected[:, EXPRESSIVE]).mean()
