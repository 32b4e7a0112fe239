"""Blur and compression of pictures, each with a strength of its own."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 8  # side of a compression block in pixels
BLUR_REACH = 3  # standard deviations


def gaussian_blur(images: Tensor, deviations: Tensor) -> Tensor:
    """Blur every picture by a gaussian of its own.

    Args:
        images: (B, C, H, W).
        deviations: (B,) standard deviations in pixels, above 0, on the CPU.
    """
    batch, channels, height, width = images.shape
    radius = math.ceil(BLUR_REACH * deviations.max().item())
    offsets = torch.arange(-radius, radius + 1)
    kernels = torch.exp(-0.5 * (offsets / deviations[:, None]).square())
    kernels = (kernels / kernels.sum(1, keepdim=True)).to(images)
    # One group a channel of every picture: (1, B C, H, W).
    kernels = kernels.repeat_interleave(channels, 0)[:, None]
    planes = F.pad(images, (radius,) * 4, mode="reflect").flatten(0, 1)[None]
    planes = F.conv2d(planes, kernels[..., None, :], groups=batch * channels)
    planes = F.conv2d(planes, kernels[..., :, None], groups=batch * channels)
    return planes.view(batch, channels, height, width)


def block_compression(images: Tensor, steps: Tensor) -> Tensor:
    """Quantise every picture as JPEG does, without its colour subsampling.

    The cosine transform's coefficient (u, v) of each 8x8 block is rounded to a multiple of
    `step * (1 + u + v)`.

    Args:
        images: (B, C, H, W) in [0, 1]; H and W multiples of 8.
        steps: (B,) above 0; 0.004 is hardly visible, 0.03 plainly so.
    """
    batch, channels, height, width = images.shape
    basis = _cosine_basis().to(images)
    line = torch.arange(BLOCK, device=images.device)
    quantum = steps.to(images).view(-1, 1, 1, 1, 1, 1) * (1 + line[:, None] + line)
    # (B, C, H/8, W/8, 8, 8)
    blocks = images.view(batch, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    blocks = blocks.transpose(3, 4)
    coefficients = basis @ blocks @ basis.T
    coefficients = torch.round(coefficients / quantum) * quantum
    blocks = basis.T @ coefficients @ basis
    return blocks.transpose(3, 4).reshape(batch, channels, height, width)


def _cosine_basis() -> Tensor:
    """The orthonormal DCT-II: row u is frequency u."""
    line = torch.arange(BLOCK, dtype=torch.float32)
    basis = torch.cos(math.pi / BLOCK * (line + 0.5) * line[:, None]) * math.sqrt(2 / BLOCK)
    basis[0] /= math.sqrt(2)
    return basis
