"""Networks as they run: norms folded into convolutions, doublings made part of them.

All of it is exact but for rounding. A batch norm that follows a convolution in inference is a
factor and a shift of its output, and spectral norm a factor of the weights. Doubling a plane by
nearest neighbours and then convolving 3x3 reads each coarse pixel several times; summing those
weights gives a convolution 2x2 for each of the four pixels that one becomes, with 4/9 of the
arithmetic.
"""

import copy
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import Bottleneck, ResBlock, SameBlock, UpBlock
from models.engine_convolution import LEAKY_RELU, NONE, RELU, Convolution
from models.engine_precision import Precision
from models.engine_quantised import QuantisedConvolution, can_quantise

Plain = nn.Conv2d | nn.Conv3d
Norm = nn.BatchNorm2d | nn.BatchNorm3d
Ready = Convolution | QuantisedConvolution

# A row's two children read it and a neighbour by sums of a 3-kernel's taps: the neighbour above and
# the row itself, the row itself and the neighbour below.
DOUBLED_TAPS = torch.tensor([[[1.0, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]])


def folded(network: nn.Module, precision: Precision) -> nn.Module:
    """A copy of a network in eval mode whose convolutions are ready to run.

    Linear layers and whatever is no convolution stay as they are, in fp32.
    """
    network = copy.deepcopy(network).eval().requires_grad_(False)
    _replace(network, precision)
    return network


def convolved(
    layer: nn.Module,
    precision: Precision,
    norm: nn.Module | None = None,
    activation: str = NONE,
    *,
    inputs: Tensor | None = None,
    outputs: Tensor | None = None,
) -> Ready:
    """A convolution and the batch norm after it as one.

    Args:
        inputs, outputs: as `normalised`.
    """
    layer = cast(Plain, layer)
    weight, bias = normalised(layer, norm, inputs, outputs)
    padding = cast(tuple[int, ...], layer.padding)
    return _ready(weight, bias, precision, activation, stride=layer.stride, padding=padding)


def same(block: SameBlock, precision: Precision, *, inputs: Tensor | None = None) -> Ready:
    """Convolution, norm and activation of a block, on the planes `inputs` in that order."""
    return convolved(block.conv, precision, block.norm, _activation_of(block), inputs=inputs)


def share(block: SameBlock, precision: Precision, inputs: Tensor) -> Convolution:
    """What the planes `inputs` add to a block's sum before its bias and activation."""
    layer = cast(Plain, block.conv)
    weight, bias = normalised(layer, block.norm)
    padding = cast(tuple[int, ...], layer.padding)
    return Convolution(
        weight[:, inputs],
        torch.zeros_like(bias),
        precision.dtype,
        stride=layer.stride,
        padding=padding,
    )


def _activation_of(block: SameBlock) -> str:
    return LEAKY_RELU if isinstance(block.activation, nn.LeakyReLU) else RELU


def normalised(
    layer: Plain,
    norm: nn.Module | None,
    inputs: Tensor | None = None,
    outputs: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the batch norm after it.

    Args:
        inputs, outputs: numbers of the planes in the order in which they come and are wanted;
            inputs may be a part of them.
    """
    weight = layer.weight
    bias = torch.zeros_like(weight[:, 0, 0, 0].flatten()) if layer.bias is None else layer.bias
    if norm is not None:
        factor, shift = factor_and_shift(norm)
        shape = (-1, *(1,) * (weight.dim() - 1))
        weight, bias = weight * factor.view(shape), bias * factor + shift
    if inputs is not None:
        weight = weight[:, inputs]
    if outputs is not None:
        weight, bias = weight[outputs], bias[outputs]
    return weight, bias


def factor_and_shift(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """A batch norm as y = factor x + shift, (C,) each."""
    norm = cast(Norm, norm)
    assert norm.running_mean is not None  # noqa: S101 (all norms here keep their statistics)
    assert norm.running_var is not None  # noqa: S101
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return factor, norm.bias - norm.running_mean * factor


def doubling_weight(weight: Tensor) -> Tensor:
    """A 3x3 weight (C', C, ..., 3, 3) that reads a doubled plane -> (2, 2, C', C, ..., 2, 2).

    The children of a coarse pixel, by row and column, each from 2x2 coarse pixels: the first from
    its own and those above or left of it, the second from its own and those below or right.
    """
    taps = DOUBLED_TAPS.to(weight)
    return torch.einsum("oi...yx,pay,qbx->pqoi...ab", weight, taps, taps)


class Doubled(nn.Module):
    """`UpBlock`: a doubling and a 3x3 convolution as one, with all pixels' children as planes.

    Args:
        block: on planes or volumes; along depth nothing is doubled.
    """

    def __init__(self, block: UpBlock, precision: Precision) -> None:
        super().__init__()
        weight, bias = normalised(cast(Plain, block.conv), block.norm)
        weight = doubling_weight(weight).flatten(0, 2)
        ones = (1,) * (weight.dim() - 2)
        self._convolution = _ready(
            weight, bias.repeat(4), precision, _activation_of(block), stride=ones, padding=ones
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ..., H, W) -> (B, C', ..., 2H, 2W)."""
        # Padded on all sides, a 2x2 kernel finds one row and one column too many. The first two
        # children of a pixel are at its place, the others a row below; columns likewise.
        y: Tensor = self._convolution(x)
        batch, height, width = len(y), x.shape[-2], x.shape[-1]
        y = y.movedim(1, -1).contiguous()  # as it lies in memory
        planes = y.shape[-1] // 4
        *before, row, column, _ = y.stride()
        depth = y.shape[1:-3]
        children = y.as_strided(
            (batch, *depth, height, 2, width, 2, planes),
            (*before, row, row + 2 * planes, column, column + planes, 1),
            y.storage_offset(),
        )
        return children.reshape(batch, *depth, 2 * height, 2 * width, planes).movedim(-1, 1)


class Residual(nn.Module):
    """`ResBlock` with its second norm folded; the first one stands before an activation."""

    def __init__(self, block: ResBlock, precision: Precision) -> None:
        super().__init__()
        self.norm = block.norm1  # in fp32, whatever it is given
        self.conv1 = convolved(block.conv1, precision, block.norm2, RELU)
        self.conv2 = convolved(block.conv2, precision)
        self._dtype = precision.dtype

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) -> (B, C, ...)."""
        x = x.to(self._dtype)
        y: Tensor = self.conv2(self.conv1(F.relu_(self.norm(x))), plus=x)
        return y


class Narrowed(nn.Module):
    """`Bottleneck` with all norms folded."""

    def __init__(self, block: Bottleneck, precision: Precision) -> None:
        super().__init__()
        self.conv1 = convolved(block.conv1, precision, block.norm1, RELU)
        self.conv2 = convolved(block.conv2, precision, block.norm2, RELU)
        self.conv3 = convolved(block.conv3, precision, block.norm3, RELU)
        self.skip: nn.Module = nn.Identity()
        if isinstance(block.skip, nn.Sequential):
            self.skip = convolved(block.skip[0], precision, block.skip[1])

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/stride, W/stride)."""
        y: Tensor = self.conv3(self.conv2(self.conv1(x)), plus=self.skip(x))
        return y


def _ready(
    weight: Tensor,
    bias: Tensor,
    precision: Precision,
    activation: str,
    *,
    stride: Sequence[int],
    padding: Sequence[int],
) -> Ready:
    """A convolution in the form that is fastest."""
    quantised = precision.quantised and can_quantise(weight)
    kind: type[Ready] = QuantisedConvolution if quantised else Convolution
    return kind(
        weight, bias, precision.dtype, stride=stride, padding=padding, activation=activation
    )


def _replace(parent: nn.Module, precision: Precision) -> None:
    """Put the folded form in the place of every block and convolution, in place."""
    children = list(parent.named_children())
    for index, (name, child) in enumerate(children):
        if getattr(parent, name) is not child:
            continue  # it was folded into the one before
        new: nn.Module
        if isinstance(child, UpBlock):
            new = Doubled(child, precision)
        elif isinstance(child, SameBlock):
            new = child
            child.conv = same(child, precision)
            child.norm, child.activation = nn.Identity(), nn.Identity()  # type: ignore[assignment]
        elif isinstance(child, ResBlock):
            new = Residual(child, precision)
        elif isinstance(child, Bottleneck):
            new = Narrowed(child, precision)
        elif isinstance(child, Plain):
            following = [layer for _, layer in children[index + 1 : index + 3]]
            new = _with_following(parent, index, child, following, precision)
        else:
            _replace(child, precision)
            continue
        setattr(parent, name, new)


def _with_following(
    parent: nn.Module,
    index: int,
    layer: nn.Module,
    following: list[nn.Module],
    precision: Precision,
) -> Ready:
    """A convolution with the norm and the ReLU that come after it in a sequence."""
    norm, activation = None, NONE
    if isinstance(parent, nn.Sequential) and following and isinstance(following[0], Norm):
        norm = following[0]
        parent[index + 1] = nn.Identity()
        if len(following) > 1 and isinstance(following[1], nn.ReLU):
            activation = RELU
            parent[index + 2] = nn.Identity()
    return convolved(layer, precision, norm, activation)
