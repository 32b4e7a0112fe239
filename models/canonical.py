"""L, the canonical keypoint detector: one photo to K neutral, frontal 3-D keypoints."""

import itertools

import torch
from torch import Tensor, nn

from models.appearance import resized
from models.blocks import DownBlock, UpBlock, convolution
from models.config import IMAGE_CHANNELS, ModelConfig
from models.geometry import expectation, volume_grid

# Divides the logits, so that the softmax over a volume can be as sharp as one voxel.
SOFTMAX_TEMPERATURE = 0.1


class CanonicalDetector(nn.Module):
    """L (figure 12b): encoder, 1x1 convolution into a volume, decoder without skips, K heat maps.

    A keypoint is the expectation of the voxel grid under the softmax of its heat map.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.canonical
        if shape is None:
            raise ValueError(f"{config.name} has no canonical keypoints")
        self.input_size, self.depth, self.planar = (
            shape.input_size,
            config.volume_depth,
            shape.planar,
        )
        self.keypoints = config.keypoints
        down = (IMAGE_CHANNELS, *shape.down_widths)
        self.encoder = nn.Sequential(
            *(DownBlock(cin, cout) for cin, cout in itertools.pairwise(down))
        )
        dims, depth = (2, 1) if self.planar else (3, self.depth)
        up = (down[-1], *shape.up_widths)
        self.to_volume = nn.Identity() if self.planar else convolution(2, up[0], up[0] * depth, 1)
        self.decoder = nn.Sequential(
            *(UpBlock(cin, cout, dims=dims) for cin, cout in itertools.pairwise(up))
        )
        heatmaps = self.keypoints * (self.depth if self.planar else 1)
        self.head = convolution(dims, up[-1], heatmaps, shape.head_kernel)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> canonical keypoints (B, K, 3) in [-1, 1]."""
        x = self.to_volume(self.encoder(resized(image, self.input_size)))
        if not self.planar:
            x = x.unflatten(1, (-1, self.depth))  # 1024 x 16 planes
        logits = self.head(self.decoder(x)).float()
        logits = logits.unflatten(1, (self.keypoints, -1)).flatten(2)  # B x K x voxels
        weights = torch.softmax(logits / SOFTMAX_TEMPERATURE, dim=-1)
        size = round((weights.shape[-1] / self.depth) ** 0.5)
        voxels = volume_grid(self.depth, size, image.device).flatten(0, 2)
        return expectation(weights, voxels)


class NoCanonical(nn.Module):
    """In the place of L where keypoints are found in every picture: all of them at the origin.

    T of eq. 1 and 2 then leaves the deformations as they are.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.keypoints = config.keypoints

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> zeros, (B, K, 3)."""
        return image.new_zeros(len(image), self.keypoints, 3)
