"""The patch discriminator of training."""

import itertools

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from models.config import IMAGE_CHANNELS

WIDTHS = (64, 128, 256, 512)


class PatchDiscriminator(nn.Module):
    """One scale of a patch GAN: strided 4x4 convolutions with spectral norm, a score a patch."""

    def __init__(self) -> None:
        super().__init__()
        widths = (IMAGE_CHANNELS, *WIDTHS)
        self.layers = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(cin, cout, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
            )
            for cin, cout in itertools.pairwise(widths)
        )
        self.score = spectral_norm(nn.Conv2d(WIDTHS[-1], 1, 4, padding=1))

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) -> scores (B, 1, H/16 - 1, W/16 - 1) and the features of every layer."""
        features: list[Tensor] = []
        x = image
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return self.score(x), features


class Discriminator(nn.Module):
    """Patch discriminators at `scales` resolutions: one at 256x256, two at 512x512."""

    def __init__(self, scales: int) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator() for _ in range(scales))

    def forward(self, image: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        """(B, 3, H, W) -> for each scale its scores and features, fine to coarse."""
        results = []
        for scale in self.scales:
            results.append(scale(image))
            image = F.avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)
        return results
