"""Bilinear and trilinear sampling as weighted sums of table rows, see `engine_sampling`."""

import itertools
from collections.abc import Sequence

import numpy as np
from openvino import opset15 as ops

from models.compiled.graph import Node
from models.compiled.operators import COLUMNS, numbers, part
from models.engine_sampling import padding_of


def sampled(table: Node, places: Sequence[Node], sizes: Sequence[int], *, border: bool) -> Node:
    """Rows of a table at places -> (N, C).

    Args:
        table: `engine_sampling.padded_rows` of a plane or volume, (rows, C).
        places: coordinates in [-1, 1] and beyond, columns (N, 1) of x, y and, of a volume, z.
        sizes: of the plane or volume along x, y[, z].
        border: outside goes on as the border is; else it is zero.
    """
    low, high = padding_of(border=border)
    strides = [1, *itertools.accumulate((low + size + high for size in sizes[:-1]), int.__mul__)]
    corners = np.array([*itertools.product((0, 1), repeat=len(sizes))], dtype=np.float32).T
    row: Node = numbers([(strides[::-1] @ corners)])
    weight: Node = numbers([[1.0]])
    for place, size, stride, corner in zip(places, sizes, strides, corners[::-1], strict=True):
        position = ops.multiply(place, numbers([size / 2]))
        position = ops.add(position, numbers([size / 2 - 0.5 + low]))
        position = ops.clamp(position, 0.0, float(size - 1 if border else size + 1))
        near = ops.floor(position)
        share = ops.multiply(ops.subtract(position, near), numbers([2 * corner - 1]))
        weight = ops.multiply(weight, ops.add(share, numbers([1 - corner])))
        row = ops.add(row, ops.multiply(near, numbers([stride])))
    return ops.embedding_bag_packed_sum(table, ops.convert(row, np.int32), weight)


def columns_of(rows: Node, count: int) -> list[Node]:
    """(N, count) -> a column (N, 1) each."""
    return [part(rows, index, index + 1, COLUMNS) for index in range(count)]
