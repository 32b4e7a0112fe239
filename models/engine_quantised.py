"""A convolution in int8, for processors that multiply bytes faster than bfloat16.

Weights are int8 with a scale for each output plane, inputs are uint8 with a scale and a zero point
that each frame finds anew, so nothing has to be calibrated; sums are int32 (Jacob et al. 2018,
section 2). A processor without VNNI adds two products in 16 bits, where a sum of products with 8
bits of weight would be cut off; it gets 7.
"""

import functools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.engine_convolution import LEAKY_RELU, LEAKY_SLOPE, NONE, RELU

LEVELS = 255  # of an input
LARGEST_WEIGHTS = (127, 63)  # 2 * 63 * 255 < 2^15
LARGEST_ERROR = 0.01  # of the norm of a layer's result, by which it is trusted

# Fewer multiply-adds an input number than this: turning it into a byte takes longer than is saved.
LEAST_WORK = 9 * 20


def can_quantise(weight: Tensor) -> bool:
    """Whether a convolution can run in int8 here, and gains by it.

    Args:
        weight: (cout, cin, k, k), of volumes (cout, cin, k, k, k).
    """
    return (
        weight.device.type == "cpu"
        and weight.shape[0] * weight[0, 0].numel() >= LEAST_WORK
        and runs_here()
    )


def runs_here() -> bool:
    """Whether this build of torch has the operators, and the processor the right sums."""
    return largest_weight() is not None


@functools.cache
def largest_weight() -> int | None:
    """The most that a weight may be here; None: no convolution runs in int8.

    Tried on a layer of weights of one sign, the hardest for sums of few bits.
    """
    weight, bias, x = torch.ones(32, 32, 3, 3), torch.zeros(32), torch.ones(1, 32, 8, 8)
    expected = F.conv2d(x, weight, bias, padding=1)
    for largest in LARGEST_WEIGHTS:
        layer = QuantisedConvolution(
            weight, bias, torch.float32, stride=(1, 1), padding=(1, 1), largest=largest
        )
        try:
            found = layer(x)
        except (AttributeError, RuntimeError):  # made without oneDNN, or another processor's
            return None
        if (found - expected).norm() < LARGEST_ERROR * expected.norm():
            return largest
    return None


class QuantisedConvolution(nn.Module):
    """y = activation(W * x + b [+ plus]) on planes or volumes, channels last.

    Args:
        weight: (cout, cin, k, k), of volumes (cout, cin, k, k, k).
        bias: (cout,).
        dtype: of the result, fp32 or bf16; x may have either.
        stride, padding: one number a dimension.
        activation: `NONE`, `RELU` or `LEAKY_RELU`.
        largest: of a weight; None for what the processor can add up.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        dtype: torch.dtype,
        *,
        stride: Sequence[int],
        padding: Sequence[int],
        activation: str = NONE,
        largest: int | None = None,
    ) -> None:
        super().__init__()
        largest = largest or largest_weight() or min(LARGEST_WEIGHTS)
        planes = weight.dim() == 4
        self._layout = torch.channels_last if planes else torch.channels_last_3d
        self._operator = "qconv2d_pointwise" if planes else "qconv3d_pointwise"
        scale = weight.abs().flatten(1).amax(1).clamp(min=torch.finfo(torch.float32).tiny) / largest
        self._weight = (weight / scale.view(-1, *(1,) * (weight.dim() - 1))).round().to(torch.int8)
        self._scale, self._zero = scale, torch.zeros(len(scale), dtype=torch.int64)
        self._bias, self._dtype = bias, dtype
        self._place = (list(stride), list(padding), [1] * len(stride), 1)  # dilation and groups
        self._activation = activation
        self._packed: Tensor | None = None

    def forward(self, x: Tensor, plus: Tensor | None = None) -> Tensor:
        """(B, cin, H, W) -> (B, cout, H', W'); `plus` has the result's shape."""
        x = x.contiguous(memory_format=self._layout)
        if self._packed is None:  # a zero point other than 0 makes room for its sums
            self._packed = torch.ops.onednn.qconv_prepack(
                self._weight, self._scale, 1.0, 1, *self._place, list(x.shape)
            )
        levels, scale, zero = _quantised(x)
        inside = self._activation == RELU and plus is None and x.dim() == 4
        y: Tensor = getattr(torch.ops.onednn, self._operator)(
            levels,
            scale,
            zero,
            self._packed,
            self._scale,
            self._zero,
            self._bias,
            *self._place,
            1.0,
            0,
            self._dtype,
            RELU if inside else NONE,
            [],
            "",
        )
        if plus is not None:
            y = y.add_(plus)
        if self._activation == LEAKY_RELU:
            return F.leaky_relu_(y, LEAKY_SLOPE)
        return y.relu_() if self._activation == RELU and not inside else y


def _quantised(x: Tensor) -> tuple[Tensor, float, int]:
    """(B, C, ...), channels last -> uint8, with x = scale (levels - zero)."""
    numbers = x.movedim(1, -1)  # as they lie in memory
    least, most = (float(end) for end in torch.aminmax(numbers))
    least, most = min(least, 0.0), max(most, 0.0)
    scale = (most - least) / LEVELS or 1.0
    zero = round(-least / scale)
    offset = torch.tensor([zero + 0.5])  # the conversion cuts off; one dimension makes it fp32
    levels = torch.add(offset, numbers, alpha=1 / scale)
    levels = levels.to(torch.int16).to(torch.uint8)  # at once it takes four times as long
    return levels.movedim(-1, 1), scale, zero
