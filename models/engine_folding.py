"""Networks as they run: norms folded into convolutions, doublings made part of them.

All of it is exact but for rounding. A batch norm that follows a convolution in inference is a
factor and a shift of its output, and spectral norm a factor of the weights. Doubling a plane by
nearest neighbours and then convolving 3x3 reads each coarse pixel several times; summing those
weights gives a transposed convolution 4x4 of stride 2 with 4/9 of the arithmetic.
"""

import copy
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import Bottleneck, ResBlock, SameBlock, UpBlock
from models.engine_convolution import LEAKY_RELU, NONE, RELU, Convolution
from models.engine_quantised import QuantisedConvolution, between, can_quantise

Plain = nn.Conv2d | nn.Conv3d
Norm = nn.BatchNorm2d | nn.BatchNorm3d
Ready = Convolution | QuantisedConvolution

# A doubled row is read by the taps of a 3-kernel as one of four sums (rows of the 4-kernel, as the
# transposed convolution places them).
DOUBLED_TAPS = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])


def folded(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a network in eval mode whose convolutions are ready to run in a type.

    Linear layers and whatever is no convolution stay as they are, in fp32.
    """
    network = copy.deepcopy(network).eval().requires_grad_(False)
    _replace(network, dtype)
    return network


def convolved(
    layer: nn.Module,
    dtype: torch.dtype,
    norm: nn.Module | None = None,
    activation: str = NONE,
    *,
    inputs: Tensor | None = None,
    outputs: Tensor | None = None,
) -> Ready:
    """A convolution and the batch norm after it as one.

    Args:
        inputs, outputs: numbers of the planes in the order in which they come and are wanted;
            inputs may be a part of them.
    """
    layer = cast(Plain, layer)
    weight, bias = _normalised(layer, norm)
    if inputs is not None:
        weight = weight[:, inputs]
    if outputs is not None:
        weight, bias = weight[outputs], bias[outputs]
    padding = cast(tuple[int, ...], layer.padding)
    if dtype is torch.int8 and can_quantise(weight, activation):
        return QuantisedConvolution(
            weight, bias, stride=layer.stride, padding=padding, activation=activation
        )
    return Convolution(
        weight, bias, between(dtype), stride=layer.stride, padding=padding, activation=activation
    )


def same(block: SameBlock, dtype: torch.dtype, *, inputs: Tensor | None = None) -> Ready:
    """Convolution, norm and activation of a block, on the planes `inputs` in that order."""
    return convolved(block.conv, dtype, block.norm, _activation_of(block), inputs=inputs)


def share(block: SameBlock, dtype: torch.dtype, inputs: Tensor) -> Convolution:
    """What the planes `inputs` add to a block's sum before its bias and activation."""
    layer = cast(Plain, block.conv)
    weight, bias = _normalised(layer, block.norm)
    padding = cast(tuple[int, ...], layer.padding)
    return Convolution(
        weight[:, inputs],
        torch.zeros_like(bias),
        between(dtype),
        stride=layer.stride,
        padding=padding,
    )


def _activation_of(block: SameBlock) -> str:
    return LEAKY_RELU if isinstance(block.activation, nn.LeakyReLU) else RELU


def doubled(block: UpBlock, dtype: torch.dtype) -> Convolution:
    """A doubling and a 3x3 convolution as one transposed convolution."""
    weight, bias = _normalised(cast(Plain, block.conv), block.norm)
    taps = DOUBLED_TAPS.to(weight)
    weight = torch.einsum("oi...yx,ay,bx->io...ab", weight, taps, taps)
    volume = weight.dim() == 5
    if volume:
        weight = weight.flip(2)  # along depth it stays a convolution
    stride, padding = ((1, 2, 2), (1, 1, 1)) if volume else ((2, 2), (1, 1))
    return Convolution(
        weight,
        bias,
        between(dtype),
        stride=stride,
        padding=padding,
        activation=_activation_of(block),
        transposed=True,
    )


class Residual(nn.Module):
    """`ResBlock` with its second norm folded; the first one stands before an activation."""

    def __init__(self, block: ResBlock, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm = block.norm1  # in fp32, whatever it is given
        self.conv1 = convolved(block.conv1, dtype, block.norm2, RELU)
        self.conv2 = convolved(block.conv2, dtype)
        self._dtype = between(dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C, ...)."""
        x = x.to(self._dtype)
        y: Tensor = self.conv2(self.conv1(F.relu_(self.norm(x))), plus=x)
        return y


class Narrowed(nn.Module):
    """`Bottleneck` with all norms folded."""

    def __init__(self, block: Bottleneck, dtype: torch.dtype) -> None:
        super().__init__()
        self.conv1 = convolved(block.conv1, dtype, block.norm1, RELU)
        self.conv2 = convolved(block.conv2, dtype, block.norm2, RELU)
        self.conv3 = convolved(block.conv3, dtype, block.norm3, RELU)
        self.skip: nn.Module = nn.Identity()
        if isinstance(block.skip, nn.Sequential):
            self.skip = convolved(block.skip[0], dtype, block.skip[1])

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/stride, W/stride)."""
        y: Tensor = self.conv3(self.conv2(self.conv1(x)), plus=self.skip(x))
        return y


def _normalised(layer: Plain, norm: nn.Module | None) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the batch norm after it."""
    weight = layer.weight
    bias = torch.zeros_like(weight[:, 0, 0, 0].flatten()) if layer.bias is None else layer.bias
    if norm is None:
        return weight, bias
    norm = cast(Norm, norm)
    assert norm.running_mean is not None  # noqa: S101 (all norms here keep their statistics)
    assert norm.running_var is not None  # noqa: S101
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    shape = (-1, *(1,) * (weight.dim() - 1))
    return weight * factor.view(shape), (bias - norm.running_mean) * factor + norm.bias


def _replace(parent: nn.Module, dtype: torch.dtype) -> None:
    """Put the folded form in the place of every block and convolution, in place."""
    children = list(parent.named_children())
    for index, (name, child) in enumerate(children):
        if getattr(parent, name) is not child:
            continue  # it was folded into the one before
        new: nn.Module
        if isinstance(child, UpBlock):
            new = doubled(child, dtype)
        elif isinstance(child, SameBlock):
            new = child
            child.conv = same(child, dtype)
            child.norm, child.activation = nn.Identity(), nn.Identity()  # type: ignore[assignment]
        elif isinstance(child, ResBlock):
            new = Residual(child, dtype)
        elif isinstance(child, Bottleneck):
            new = Narrowed(child, dtype)
        elif isinstance(child, Plain):
            following = [layer for _, layer in children[index + 1 : index + 3]]
            new = _with_following(parent, index, child, following, dtype)
        else:
            _replace(child, dtype)
            continue
        setattr(parent, name, new)


def _with_following(
    parent: nn.Module, index: int, layer: nn.Module, following: list[nn.Module], dtype: torch.dtype
) -> Ready:
    """A convolution with the norm and the ReLU that come after it in a sequence."""
    norm, activation = None, NONE
    if isinstance(parent, nn.Sequential) and following and isinstance(following[0], Norm):
        norm = following[0]
        parent[index + 1] = nn.Identity()
        if len(following) > 1 and isinstance(following[1], nn.ReLU):
            activation = RELU
            parent[index + 2] = nn.Identity()
    return convolved(layer, dtype, norm, activation)
