"""The binary residual coder (appendix C.3): what the source no longer explains, as signs."""

import itertools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import convolution
from models.config import IMAGE_CHANNELS

CODE_CHANNELS = 32
DECODER_WIDTH = 128
HALVINGS = 3


class _Sign(torch.autograd.Function):
    """Sign with the gradient of the identity within [-1, 1] (straight-through estimator)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        passed: Tensor = gradient * (x.abs() <= 1)
        return passed


class ResidualCoder(nn.Module):
    """Three strided 3x3 convolutions and a sign; three 128-filter convolutions with pixel shuffle.

    The code of an H x W picture is 32 x H/8 x W/8 bits.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (IMAGE_CHANNELS, *(CODE_CHANNELS,) * HALVINGS)
        self.encoder = nn.ModuleList(
            convolution(2, a, b, 3, 2) for a, b in itertools.pairwise(widths)
        )
        incoming = (CODE_CHANNELS, *(DECODER_WIDTH // 4,) * (HALVINGS - 1))
        self.decoder = nn.ModuleList(convolution(2, a, DECODER_WIDTH, 3) for a in incoming)
        self.to_image = convolution(2, DECODER_WIDTH // 4, IMAGE_CHANNELS, 3)

    def encode(self, residual: Tensor) -> Tensor:
        """(B, 3, H, W) truth minus rendering -> (B, 32, H/8, W/8) of -1 and 1."""
        x = residual
        for index, layer in enumerate(self.encoder):
            x = layer(x if index == 0 else F.relu(x))
        code: Tensor = _Sign.apply(x)  # type: ignore[no-untyped-call]
        return code

    def decode(self, code: Tensor) -> Tensor:
        """(B, 32, H/8, W/8) of -1 and 1 -> residual (B, 3, H, W) in [-1, 1]."""
        x = code
        for layer in self.decoder:
            x = F.relu(F.pixel_shuffle(layer(x), 2))  # 128 x h x w -> 32 x 2h x 2w
        return torch.tanh(self.to_image(x))

    def forward(self, residual: Tensor) -> Tensor:
        """What the far end adds to its rendering: decode(encode(residual))."""
        return self.decode(self.encode(residual))
