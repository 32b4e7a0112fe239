"""H and Δ that find places of the face, compiled."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from openvino import opset1  # its max_pool gives no indices along
from openvino import opset15 as ops
from torch import Tensor, nn

from models.blocks import Bottleneck, SameBlock
from models.canonical import SOFTMAX_TEMPERATURE
from models.compiled.graph import CompiledGraph, Node, Parameters
from models.compiled.layers import Layers
from models.compiled.operators import (
    COLUMNS,
    ROWS,
    affine,
    halved,
    numbers,
    product,
    rows_of,
    shaped,
    turned,
)
from models.config import IMAGE_CHANNELS
from models.geometry import plane_grid
from models.landmark_motion_encoder import SHAPE_GAIN, LandmarkFinder, LandmarkMotionEncoder
from models.motion_encoder import Backbone, Motion

CPU = torch.device("cpu")


class CompiledMotionEncoder:
    """H and Δ, ready to run: the planes, and the numbers that are read from them in fp32.

    Args:
        network: in eval mode.
        image_size: of the pictures.
        bf16: the planes in bfloat16.

    Raises:
        RuntimeError: OpenVINO cannot run them here.
    """

    def __init__(self, network: LandmarkMotionEncoder, image_size: int, *, bf16: bool) -> None:
        parameters = Parameters()
        results = _planes(network, image_size, parameters)
        self._planes = CompiledGraph(results, parameters, bf16=bf16).ready()
        parameters = Parameters()
        self._numbers = CompiledGraph([_numbers(network, parameters)], parameters).ready()
        self._mirror = network.mirror

    def __call__(self, picture: Tensor) -> Tensor:
        """(H, W, 3) uint8 -> angles, translation and deformations in a row, (6 + 3K,)."""
        seen = self._look(picture)
        if self._mirror is None:
            return seen
        mirrored = self._look(picture.flip(1))
        motion: Motion = self._mirror(Motion.of_row(seen), Motion.of_row(mirrored))
        return motion.row()

    def _look(self, picture: Tensor) -> Tensor:
        planes = self._planes(np.ascontiguousarray(picture.numpy()))
        (motion,) = self._numbers(*planes)
        return torch.from_numpy(motion)


def _planes(network: LandmarkMotionEncoder, image_size: int, parameters: Parameters) -> list[Node]:
    """The picture -> what the landmarks' heat maps are read from, (places, C), and the averages of
    the coarsest plane, (1, C)."""
    layers = Layers("motion_encoder")
    picture = parameters.add(image_size, image_size, IMAGE_CHANNELS, dtype=np.uint8)
    x = turned(shaped(picture, 1, image_size, image_size, IMAGE_CHANNELS), 0, 3, 1, 2)
    x = ops.multiply(ops.convert(x, np.float32), numbers(1 / 255))
    x = _resized(x, image_size, network.input_size)
    planes = _backbone(network.backbone, x, layers)
    averages = shaped(ops.reduce_mean(planes[-1], [2, 3], keep_dims=False), 1, -1)
    finder = network.finder
    *finer, y = (
        layers.convolved(f"lateral.{index}", [plane], layer)
        for index, (layer, plane) in enumerate(zip(finder.lateral, planes, strict=True))
    )
    side = network.input_size // 4 // 2 ** (len(planes) - 1)
    for index, (plane, block) in enumerate(zip(reversed(finer), finder.blocks, strict=True)):
        side *= 2
        y = ops.add(_doubled(y, side), plane)
        y = layers.same(f"blocks.{index}", [y], cast(SameBlock, block))
    return [rows_of(y, cast(nn.Conv2d, finder.head).in_channels), averages]


def _resized(x: Node, size: int, wanted: int) -> Node:
    """Means of the pixels that become one, see `appearance.resized`."""
    if size % wanted:
        return ops.adaptive_avg_pool(x, np.array([wanted, wanted]))
    return x if size == wanted else halved(x, size // wanted)


def _backbone(network: Backbone, x: Node, layers: Layers) -> list[Node]:
    """The last plane of each stage, fine to coarse."""
    convolution, norm, *_ = network.stem
    y = ops.relu(layers.convolved("stem", [x], convolution, norm))
    planes = [opset1.max_pool(y, [2, 2], [1, 1], [1, 1], [3, 3])]
    for index, stage in enumerate(network.stages):
        convolution, norm, _, *blocks = cast(Sequence[nn.Module], stage)
        y = ops.relu(layers.convolved(f"stages.{index}", [planes[-1]], convolution, norm))
        for number, block in enumerate(blocks):
            y = layers.narrowed(f"stages.{index}.{number}", y, cast(Bottleneck, block))
        planes.append(y)
    return planes[1:]


def _doubled(plane: Node, side: int) -> Node:
    """To (side, side) by nearest neighbours."""
    sizes, axes = np.array([side, side]), np.array([2, 3])
    return ops.interpolate(
        plane,
        sizes,
        "nearest",
        "sizes",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        axes=axes,
    )


def _numbers(network: LandmarkMotionEncoder, parameters: Parameters) -> Node:
    """Results of `_planes` -> angles, translation and deformations, (6 + 3K,)."""
    finder: LandmarkFinder = network.finder
    side = network.input_size // 4
    rows = parameters.add(side**2, cast(nn.Conv2d, finder.head).in_channels)
    averages = parameters.add(1, network.backbone.width)
    head = cast(nn.Conv2d, finder.head)
    heat = affine(rows, head.weight.flatten(1), cast(Tensor, head.bias))
    weights = ops.softmax(ops.multiply(heat, numbers(1 / SOFTMAX_TEMPERATURE)), ROWS)
    grid = numbers(plane_grid(side, CPU).flatten(0, 1))
    landmarks = product(turned(weights, 1, 0), grid)  # n x 2
    centre = ops.reduce_mean(landmarks, [ROWS], keep_dims=True)
    shape = ops.multiply(ops.subtract(landmarks, centre), numbers(SHAPE_GAIN))
    places = ops.concat([shaped(shape, 1, -1), centre], COLUMNS)
    y = ops.concat([averages, places], COLUMNS)
    for layer, _ in cast(Sequence[Sequence[nn.Linear]], network.hidden):
        y = ops.relu(_linear(y, layer))
    known = ops.concat([y, places], COLUMNS)
    deformations = _linear(known, network.deformations)
    if network.direct:
        # keypoints alone
        still = numbers(torch.zeros(1, 6))
        return shaped(ops.concat([still, deformations], COLUMNS), -1)
    angles = [
        product(ops.softmax(_linear(known, bins), COLUMNS), numbers(network.bin_angles[:, None]))
        for bins in (network.yaw, network.pitch, network.roll)
    ]
    translation = _linear(known, network.translation)
    return shaped(ops.concat([*angles, translation, deformations], COLUMNS), -1)


def _linear(x: Node, layer: nn.Linear) -> Node:
    return affine(x, layer.weight, layer.bias)
