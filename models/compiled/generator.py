"""G of the blending kind as a graph: the arithmetic of `engine_blending.Blending`."""

from typing import cast

import numpy as np
import torch
from openvino import opset15 as ops
from torch import Tensor, nn

from models.blocks import ResBlock
from models.compiled.graph import Node, Parameters
from models.compiled.layers import Layers
from models.compiled.motion_field import FieldNodes
from models.compiled.operators import (
    CHANNELS,
    halved,
    interpolated,
    numbers,
    part,
    planes_of,
    product,
    shaped,
    turned,
)
from models.compiled.sample_places import columns_of, sampled
from models.config import IMAGE_CHANNELS, ModelConfig
from models.engine_blending import doubling
from models.engine_sampling import padding_of
from models.generator import BlendingGenerator
from models.geometry import plane_grid
from models.networks import Networks

CPU = torch.device("cpu")


def field_parameters(config: ModelConfig, parameters: Parameters) -> FieldNodes:
    """M's results as parameters, for a graph of G alone."""
    fine, coarse = 4 * config.volume_size**2, config.volume_size**2 * config.volume_depth
    sizes = (coarse, 3), (fine, 2), (fine, 1), (fine, config.motion_field.surface_widths[1])
    return FieldNodes(*(parameters.add(*size) for size in sizes))


def generator(
    networks: Networks, field: FieldNodes, layers: Layers, parameters: Parameters
) -> Node:
    """G for one frame: the picture, (1, H, W, 3) uint8.

    Its parameters are of the source: rows of its volume and of its coarse and fine features, the
    image (1, 3, H, W), and the unmoved features' share of the layer that compares them with the
    moved ones.
    """
    network, config = cast(BlendingGenerator, networks.generator), networks.config
    size, depth = config.volume_size, config.volume_depth
    skip_width, fine_width = config.appearance.skip_widths
    low, high = padding_of(border=False)
    rows = (low + size + high) ** 2 * (low + depth + high)
    volume = parameters.add(rows, config.volume_channels)
    low, high = padding_of(border=True)
    skip = parameters.add((low + 2 * size + high) ** 2, skip_width)
    fine_skip = parameters.add((low + 4 * size + high) ** 2, fine_width)
    image = parameters.add(1, IMAGE_CHANNELS, 8 * size, 8 * size)
    compared = cast(nn.Conv2d, network.still.merge.conv)
    unmoved = parameters.add(1, compared.out_channels, 4 * size, 4 * size)

    # The warped volume comes as D x C planes, the network knows them as C x D.
    planes = torch.arange(cast(nn.Conv2d, network.entry.conv).in_channels)
    by_depth = planes.view(-1, depth).t().flatten()
    warped = sampled(volume, columns_of(field.flow, 3), (size, size, depth), border=False)
    entry = layers.same("entry", [planes_of(warped, size)], network.entry, inputs=by_depth)
    seen = sampled(skip, columns_of(field.surface, 2), (2 * size, 2 * size), border=True)
    seen = planes_of(ops.multiply(seen, field.occlusion), 2 * size)
    detail = layers.same("detail", [seen, planes_of(field.features, 2 * size)], network.detail)
    down = layers.same("detail_down", [halved(detail)], network.detail_down)
    y = layers.same("merge", [entry, down], network.merge)
    for index, block in enumerate(network.blocks):
        y = layers.residual(f"blocks.{index}", y, cast(ResBlock, block))
    y = layers.doubled("up", y, network.up, "merge_detail.0")
    merge, block = network.merge_detail
    y = layers.same("merge_detail.0", [y, detail], merge)  # type: ignore[arg-type]
    y = layers.residual("merge_detail.1", y, cast(ResBlock, block))

    plane = numbers(plane_grid(2 * size, CPU).view(-1, 2))
    shift = shaped(turned(ops.subtract(field.surface, plane), 1, 0), 2, 2 * size, 2 * size)
    to_fine = doubling(2 * size, CPU)
    places = _enlarged(shift, to_fine)
    x_and_y = [shaped(part(places, axis, axis + 1, 0), -1, 1) for axis in (0, 1)]
    fine = sampled(fine_skip, x_and_y, (4 * size, 4 * size), border=True)
    fine = planes_of(fine, 4 * size)
    inputs = torch.arange(compared.in_channels - fine_width)
    still = layers.doubled("up_fine", y, network.still.up, "still.merge")
    still = layers.same(
        "still.merge", [still, fine], network.still.merge, inputs=inputs, plus=unmoved
    )
    still = layers.convolved("still.share", [still], network.still.share)
    y = layers.doubled("up_fine", y, network.up_fine, "merge_fine")
    y = layers.same("merge_fine", [y, fine], network.merge_fine)
    y = ops.sigmoid(_shuffled(layers.convolved("to_image", [y], network.to_image)))
    generated = part(y, 0, IMAGE_CHANNELS, CHANNELS)
    alpha = part(y, IMAGE_CHANNELS, IMAGE_CHANNELS + 1, CHANNELS)

    places = turned(_enlarged(shift, doubling(4 * size, CPU) @ to_fine), 1, 2, 0)
    warped = ops.grid_sample(
        image,
        shaped(places, 1, 8 * size, 8 * size, 2),
        {"align_corners": False, "mode": "bilinear", "padding_mode": "border"},
    )
    moving = interpolated(generated, warped, alpha)
    picture = interpolated(moving, image, ops.sigmoid(_shuffled(still)))
    levels = ops.round(ops.multiply(picture, numbers(255)), "half_to_even")
    return turned(ops.convert(levels, np.uint8), 0, 2, 3, 1)


def _shuffled(planes: Node) -> Node:
    """`F.pixel_shuffle` by two."""
    return ops.depth_to_space(planes, "depth_first", 2)


def _enlarged(shift: Node, along: Tensor) -> Node:
    """Displacements (2, h, h) enlarged along both axes by (H, h): places (2, H, H)."""
    grid = numbers(plane_grid(len(along), CPU).permute(2, 0, 1))
    larger = product(product(numbers(along), shift), numbers(along), transposed=True)
    return ops.add(larger, grid)
