"""Blocks of the networks as OpenVINO operators; convolutions multiply bytes where ranges are known.

Weights are int8 with a scale for each output plane. What a convolution reads is uint8 with one
scale and zero point for all frames (Jacob et al. 2018, section 2), from a measured range; what lies
beyond it is cut off. Sums are int32, and all else is fp32.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from openvino import opset15 as ops
from torch import Tensor, nn

from models.blocks import Bottleneck, ResBlock, SameBlock, UpBlock
from models.checkpoints.activation_ranges import MEASURE_ANEW, Ranges, RangesError
from models.compiled.graph import Node
from models.compiled.operators import CHANNELS, indices, numbers, shaped
from models.engine_convolution import LEAKY_SLOPE
from models.engine_folding import Plain, doubling_weight, factor_and_shift, normalised
from models.engine_quantised import LARGEST_WEIGHTS, LEVELS, largest_weight


class Layers:
    """Makes the layers of one network.

    Args:
        network: its name among the networks of a model.
        ranges: of what the convolutions read, by network and layer; None for fp32.

    Its methods raise `RangesError` where the ranges lack a layer.

    Attributes:
        read: what each layer reads, by network and layer; of joined planes, each.
    """

    def __init__(self, network: str, ranges: Ranges | None = None) -> None:
        self._network, self._ranges = network, ranges
        self._rounded: list[Node] = []
        self.read: dict[str, list[Node]] = {}

    def convolved(
        self,
        name: str,
        parts: Sequence[Node],
        layer: nn.Module,
        norm: nn.Module | None = None,
        *,
        inputs: Tensor | None = None,
        outputs: Tensor | None = None,
    ) -> Node:
        """A convolution of joined planes, and the batch norm after it.

        Args:
            name: names the range of the parts.
            inputs, outputs: as `engine_folding.normalised`.
        """
        layer = cast(Plain, layer)
        weight, bias = normalised(layer, norm, inputs, outputs)
        stride, padding = layer.stride[0], cast(tuple[int, ...], layer.padding)[0]
        return self._convolution(self._joined(name, parts), weight, bias, padding, stride)

    def same(
        self,
        name: str,
        parts: Sequence[Node],
        block: SameBlock,
        *,
        inputs: Tensor | None = None,
        plus: Node | None = None,
    ) -> Node:
        """`SameBlock` on joined planes; `plus` joins its sum."""
        y = self.convolved(name, parts, block.conv, block.norm, inputs=inputs)
        return _active(y if plus is None else ops.add(y, plus), block)

    def doubled(self, name: str, x: Node, block: UpBlock, reader: str | None = None) -> Node:
        """`UpBlock`: its 2x2 children of a pixel from one convolution, as planes.

        Args:
            reader: the layer that reads the result; it is moved about as bytes then.
        """
        weight, bias = normalised(cast(Plain, block.conv), block.norm)
        children = doubling_weight(weight).flip(0, 1).flatten(0, 2)
        y = self._convolution(self._joined(name, [x]), children, bias.repeat(4), 1)
        y = _active(y, block)
        if self._ranges is None:
            reader = None
        if reader is not None:
            y = self._levels(reader, y)
        # A 2x2 kernel padded on all sides finds one row and one column too many. With a pixel's
        # children from last to first, those are the first and the last row of the fine plane.
        y = ops.depth_to_space(y, "blocks_first", 2)
        y = ops.slice(y, indices(1, 1), indices(-1, -1), indices(1, 1), indices(2, 3))
        if reader is not None:
            self._rounded.append(y)
        return y

    def residual(self, name: str, x: Node, block: ResBlock) -> Node:
        """`ResBlock`."""
        factor, shift = factor_and_shift(block.norm1)
        y = ops.relu(ops.add(ops.multiply(x, _by_plane(factor)), _by_plane(shift)))
        y = ops.relu(self.convolved(f"{name}.conv1", [y], block.conv1, block.norm2))
        return ops.add(x, self.convolved(f"{name}.conv2", [y], block.conv2))

    def narrowed(self, name: str, x: Node, block: Bottleneck) -> Node:
        """`Bottleneck`."""
        y = ops.relu(self.convolved(f"{name}.conv1", [x], block.conv1, block.norm1))
        y = ops.relu(self.convolved(f"{name}.conv2", [y], block.conv2, block.norm2))
        y = self.convolved(f"{name}.conv3", [y], block.conv3, block.norm3)
        if isinstance(block.skip, nn.Sequential):
            x = self.convolved(f"{name}.skip", [x], block.skip[0], block.skip[1])
        return ops.relu(ops.add(x, y))

    def extremes(self) -> Node:
        """Least and largest of what each layer read, (layers, 2), in the order of `read`."""
        ends = []
        for parts in self.read.values():
            numbers_read = ops.concat([shaped(planes, -1) for planes in parts], 0)
            ends += [shaped(end(numbers_read, [0]), 1) for end in (ops.reduce_min, ops.reduce_max)]
        return shaped(ops.concat(ends, 0), -1, 2)

    def _convolution(
        self, x: Node, weight: Tensor, bias: Tensor, padding: int, stride: int = 1
    ) -> Node:
        edge, step = [padding, padding], [stride, stride]
        y = ops.convolution(x, self._weight(weight.numpy()), step, edge, edge, [1, 1])
        return ops.add(y, _by_plane(bias))

    def _joined(self, name: str, parts: Sequence[Node]) -> Node:
        parts = [
            planes if any(planes is one for one in self._rounded) else self._levels(name, planes)
            for planes in parts
        ]
        return ops.concat(parts, CHANNELS) if len(parts) > 1 else parts[0]

    def _levels(self, name: str, planes: Node) -> Node:
        """Rounded to the 256 numbers that a layer tells apart."""
        name = f"{self._network}.{name}"
        self.read.setdefault(name, []).append(planes)
        if self._ranges is None:
            return planes
        if name not in self._ranges:
            raise RangesError("ranges-lacking", f"The model's ranges lack {name}; {MEASURE_ANEW}")
        least, most = self._ranges[name]
        least, most = min(least, 0.0), max(most, 0.0)
        scale = (most - least) / LEVELS or 1.0
        zero = round(-least / scale)  # 0 stays 0, as beyond a plane's edges
        ends = numbers(-zero * scale), numbers((LEVELS - zero) * scale)
        return ops.fake_quantize(planes, *ends, *ends, LEVELS + 1)

    def _weight(self, weight: NDArray[np.float32]) -> Node:
        if self._ranges is None:
            return numbers(weight)
        most = np.abs(weight).max((1, 2, 3), keepdims=True)
        levels = largest_weight() or min(LARGEST_WEIGHTS)
        scale = np.maximum(most, np.finfo(np.float32).tiny) / levels
        whole = ops.constant(np.round(weight / scale).astype(np.int8))
        return ops.multiply(ops.convert(whole, np.float32), numbers(scale))


def _active(y: Node, block: SameBlock) -> Node:
    if isinstance(block.activation, nn.LeakyReLU):
        return ops.prelu(y, numbers([LEAKY_SLOPE]))
    return ops.relu(y)


def _by_plane(values: Tensor) -> Node:
    """(C,) -> what a plane each is added to or multiplied by."""
    return numbers(values.view(1, -1, 1, 1))
