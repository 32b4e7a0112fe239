"""A convolution ready to run: weights in their final type and order, activation and sum inside."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NONE, RELU, LEAKY_RELU = "none", "relu", "leaky_relu"  # as oneDNN is told them
LEAKY_SLOPE = 0.01  # of nn.LeakyReLU


class Convolution(nn.Module):
    """y = activation(W * x + b [+ plus]) on planes or volumes, channels last.

    On a CPU the weights are put into the order that oneDNN wants once, at the first call, and not
    at every one, and it applies the activation while the result is still in the cache. These are
    the operators that torch's own compiler calls; they need no compiler. Where they are missing,
    and on a GPU, the same is done by torch's public functions.

    Args:
        weight: (cout, cin, ...).
        bias: (cout,).
        dtype: of weights and result; x is converted.
        stride, padding: one number a dimension.
        activation: `NONE`, `RELU` or `LEAKY_RELU`.
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
    ) -> None:
        super().__init__()
        self._layout = torch.channels_last if weight.dim() == 4 else torch.channels_last_3d
        self._dtype = dtype
        self._weight = weight.to(dtype).contiguous(memory_format=self._layout)
        self._bias = bias.to(dtype)
        self._stride, self._padding = list(stride), list(padding)
        self._one = [1] * len(stride)
        self._activation = activation
        self._scalars = [LEAKY_SLOPE] if activation == LEAKY_RELU else []
        self._fused = (
            weight.device.type == "cpu"
            and torch._C._has_mkldnn
            and hasattr(torch.ops.mkldnn, "_reorder_convolution_weight")
            and (dtype is torch.float32 or _takes_bf16(dtype))
        )
        self._packed: Tensor | None = None

    def forward(self, x: Tensor, plus: Tensor | None = None) -> Tensor:
        """(B, cin, ...) -> (B, cout, ...); `plus` has the result's shape and type."""
        x = x.to(self._dtype, memory_format=self._layout)
        return self._by_onednn(x, plus) if self._fused else self._by_torch(x, plus)

    def _by_onednn(self, x: Tensor, plus: Tensor | None) -> Tensor:
        ops = torch.ops.mkldnn
        if self._packed is None:
            self._packed = ops._reorder_convolution_weight(
                self._weight, self._padding, self._stride, self._one, 1, list(x.shape)
            )
        place = (self._packed, self._bias, self._padding, self._stride, self._one, 1)
        after = (self._scalars, "")
        y: Tensor
        if plus is None:
            y = ops._convolution_pointwise(x, *place, self._activation, *after)
        else:
            name = None if self._activation == NONE else self._activation
            y = ops._convolution_pointwise.binary(x, plus, *place, "add", 1.0, name, *after)
        return y

    def _by_torch(self, x: Tensor, plus: Tensor | None) -> Tensor:
        place = (self._stride, self._padding, self._one, False, [0] * len(self._one), 1)
        y = torch.convolution(x, self._weight, self._bias, *place)
        if plus is not None:
            y = y + plus
        if self._activation == RELU:
            return F.relu(y)
        return F.leaky_relu(y, LEAKY_SLOPE) if self._activation == LEAKY_RELU else y


def _takes_bf16(dtype: torch.dtype) -> bool:
    return dtype is torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
