"""M of the planar kind as a graph: the arithmetic of `engine_planar_field.PlanarField`."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from openvino import opset15 as ops
from torch import nn

from models.blocks import DownBlock, SameBlock, UpBlock
from models.compiled.graph import Node, Parameters
from models.compiled.layers import Layers
from models.compiled.operators import (
    CHANNELS,
    COLUMNS,
    ROWS,
    affine,
    halved,
    interpolated,
    numbers,
    part,
    planes_of,
    product,
    rows_of,
    shaped,
)
from models.compiled.sample_places import columns_of, sampled
from models.engine_sampling import padding_of
from models.geometry import plane_grid, volume_grid
from models.networks import Networks
from models.planar_motion_field import EXPRESSION_GAIN, PlanarMotionFieldEstimator

CPU = torch.device("cpu")


class FieldNodes(NamedTuple):
    """`engine_planar_field.FieldMatrices` as nodes, places row by row of the picture.

    Attributes:
        flow: (H' W' D, 3), depth fastest.
        surface: (2H' 2W', 2).
        occlusion: (2H' 2W', 1).
        features: (2H' 2W', C).
    """

    flow: Node
    surface: Node
    occlusion: Node
    features: Node


def motion_field(networks: Networks, layers: Layers, parameters: Parameters) -> FieldNodes:
    """M for one frame.

    Its parameters are J of eq. 4, (3, 3), the offsets b, (K, 3), the driver's keypoints, (K, 3),
    and of the source: rows of the compressed volume, the still volume's share of the entry and the
    heat maps' share of their layer.
    """
    network = cast(PlanarMotionFieldEstimator, networks.motion_field)
    size = networks.config.volume_size
    depth, flows, keypoints = network.depth, network.flows, network.flows - 1
    compressed = cast(nn.Conv3d, network.compress).out_channels
    entry = cast(nn.Conv2d, network.entry.conv)
    fine = cast(nn.Conv2d, network.heat.conv).out_channels

    jacobian, offsets = parameters.add(3, 3), parameters.add(keypoints, 3)
    points = parameters.add(keypoints, 3)
    low, high = padding_of(border=False)
    rows = (low + size + high) ** 2 * (low + depth + high)
    volume = parameters.add(rows, compressed)
    seen = parameters.add(1, entry.out_channels, size, size)
    seen_heat = parameters.add(1, fine, 2 * size, 2 * size)

    grid = numbers(volume_grid(depth, size, CPU).permute(1, 2, 0, 3).reshape(-1, 3))
    turned = product(grid, jacobian, transposed=True)
    mean_offset = ops.reduce_mean(offsets, [ROWS], keep_dims=True)
    places = columns_of(ops.add(turned, mean_offset), 3)
    moved = planes_of(sampled(volume, places, (size, size, depth), border=False), size)

    heat = _heatmaps(points, 2 * size, network.variance)
    heat = layers.same("heat", [heat], network.heat, inputs=torch.arange(keypoints), plus=seen_heat)
    coarse, finer = _added(network, offsets, points)
    # The entry's planes: C x D of the volume as it is, C x D of it moved, heat maps. What is moved
    # comes here as D x C.
    planes = torch.arange(entry.in_channels)
    _, by_channel, by_heat = planes.tensor_split([compressed * depth, 2 * compressed * depth])
    inputs = torch.cat([by_channel.view(-1, depth).t().flatten(), by_heat])
    y = layers.same("entry", [moved, halved(heat)], network.entry, inputs=inputs, plus=seen)
    levels = [ops.add(y, coarse)]
    for index, block in enumerate(network.down):
        y = layers.same(f"down.{index}", [levels[-1]], cast(DownBlock, block))
        levels.append(halved(y))
    y = layers.residual("middle", levels.pop(), network.middle)
    for index, (double, merge) in enumerate(zip(network.up, network.merge, strict=True)):
        name = f"merge.{index}"
        y = layers.doubled(f"up.{index}", y, cast(UpBlock, double), name)
        y = layers.same(name, [y, levels.pop()], cast(SameBlock, merge))

    by_place = torch.arange(flows * depth).view(-1, depth).t().flatten()
    mask = rows_of(layers.convolved("mask", [y], network.mask, outputs=by_place), flows)
    mask = ops.softmax(mask, COLUMNS)
    shifts = ops.concat([numbers(torch.zeros(1, 3)), offsets], ROWS)  # of the background none
    flow = _composed(mask, grid, turned, shifts)

    y = ops.add(layers.doubled("mask", y, network.finer), finer)
    features = layers.same("surface", [y, heat], network.surface)
    heads = rows_of(layers.convolved("surface_heads", [features], network.surface_heads), flows + 2)
    mask = ops.softmax(part(heads, 0, flows, COLUMNS), COLUMNS)
    depths = ops.tanh(part(heads, flows, flows + 1, COLUMNS))
    plane = numbers(plane_grid(2 * size, CPU).view(-1, 2))
    seen_points = ops.concat([plane, depths], COLUMNS)
    turned = product(seen_points, part(jacobian, 0, 2, ROWS), transposed=True)
    surface = _composed(mask, plane, turned, part(shifts, 0, 2, COLUMNS))
    occlusion = ops.sigmoid(part(heads, flows + 1, flows + 2, COLUMNS))
    width = cast(nn.Conv2d, network.surface.conv).out_channels
    return FieldNodes(flow, surface, occlusion, rows_of(features, width))


def _composed(mask: Node, points: Node, turned: Node, shifts: Node) -> Node:
    """Eq. 4 of places (N, n) and masks (N, K + 1), see `motion_field.compose_flow`."""
    moved = interpolated(turned, points, part(mask, 0, 1, COLUMNS))
    return ops.add(moved, product(mask, shifts))


def _heatmaps(points: Node, side: int, variance: float) -> Node:
    """Gaussians around keypoints (K, 3), (1, K, side, side): one along x times one along y."""
    line = numbers(plane_grid(side, CPU)[0, :, 0][None])
    x, y = (
        ops.exp(ops.multiply(ops.power(ops.subtract(line, place), numbers(2)), numbers(falloff)))
        for falloff in [-0.5 / variance]
        for place in columns_of(points, 2)
    )
    return ops.multiply(shaped(y, 1, -1, side, 1), shaped(x, 1, -1, 1, side))


def _added(network: PlanarMotionFieldEstimator, offsets: Node, points: Node) -> tuple[Node, Node]:
    """b and x_d, (K, 3) each -> what is added to the features, (1, C, 1, 1) each."""
    shape = ops.subtract(points, ops.reduce_mean(points, [ROWS], keep_dims=True))
    y = shaped(ops.concat([offsets, shape], ROWS), 1, -1)
    y = ops.multiply(y, numbers(EXPRESSION_GAIN))
    first, _, second = cast(Sequence[nn.Linear], network.expression)
    y = ops.relu(affine(y, first.weight, first.bias))
    y = shaped(affine(y, second.weight, second.bias), 1, -1, 1, 1)
    coarse, finer = network.expression_parts
    return part(y, 0, coarse, CHANNELS), part(y, coarse, coarse + finer, CHANNELS)
