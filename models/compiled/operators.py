"""What the graphs have in common: constants, columns, and planes seen as rows of their places."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from openvino import opset15 as ops
from torch import Tensor

from models.compiled.graph import Node

ROWS, COLUMNS = 0, 1
CHANNELS = 1


def numbers(values: ArrayLike | Tensor) -> Node:
    """A constant, fp32."""
    if isinstance(values, Tensor):
        values = values.detach().to("cpu", torch.float32).numpy()
    return ops.constant(np.ascontiguousarray(values, dtype=np.float32))


def indices(*values: int) -> Node:
    """A constant of sizes, axes or places."""
    return ops.constant(np.array(values, dtype=np.int64))


def part(x: Node, first: int, last: int, axis: int) -> Node:
    """x[first:last] along an axis."""
    return ops.slice(x, indices(first), indices(last), indices(1), indices(axis))


def shaped(x: Node, *shape: int) -> Node:
    """x in another shape; one size may be -1."""
    return ops.reshape(x, indices(*shape), special_zero=False)


def turned(x: Node, *axes: int) -> Node:
    """x with its axes in this order."""
    return ops.transpose(x, indices(*axes))


def rows_of(planes: Node, width: int) -> Node:
    """(1, C, H, W) -> (-1, width), a place's channels side by side."""
    return shaped(turned(planes, 0, 2, 3, 1), -1, width)


def planes_of(rows: Node, side: int) -> Node:
    """Rows of places (side^2 [D], C) -> (1, [D] C, side, side)."""
    return turned(shaped(rows, 1, side, side, -1), 0, 3, 1, 2)


def product(a: Node, b: Node, *, transposed: bool = False) -> Node:
    """a @ b, or a @ b^T."""
    return ops.matmul(a, b, False, transposed)


def halved(planes: Node, times: int = 2) -> Node:
    """Means of squares of pixels."""
    size = [times, times]
    return ops.avg_pool(planes, size, [0, 0], [0, 0], size, exclude_pad=False)


def interpolated(a: Node, b: Node, share: Node) -> Node:
    """A + share (b - a)."""
    return ops.add(a, ops.multiply(share, ops.subtract(b, a)))


def affine(x: Node, weight: Tensor, bias: Tensor) -> Node:
    """x W^T + b for rows x."""
    return ops.add(product(x, numbers(weight), transposed=True), numbers(bias))
