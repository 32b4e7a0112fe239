"""The least time of a frame: operations and bytes of its layers against measured ceilings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.ceilings import GIGA, MS_A_SECOND, TERA, Ceilings
from models.config import ModelConfig
from models.motion_field import Keypoints
from models.networks import Networks


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution or matrix product.

    Attributes:
        flop: 2 a multiply-add.
        numbers: read and written, each once.
    """

    flop: int
    numbers: int


@dataclass(frozen=True, slots=True)
class Roofline:
    """The floor of one frame.

    Attributes:
        gflop: of all layers, 10^9.
        least_mb: weights once and the picture, 10^6 bytes: all else could stay on the chip.
        moved_mb: every layer's planes and weights through the memory once, 10^6 bytes.
        ms_operations: all operations at the matrix product's rate.
        ms_layers: each layer at the slower of its operations and its own planes and weights
            through the memory. Planes that stay in a cache can be faster than that.
    """

    gflop: float
    least_mb: float
    moved_mb: float
    ms_operations: float
    ms_layers: float


def roofline(
    layers: Iterable[Layer], weights: int, ceilings: Ceilings, precision: str, picture_bytes: int
) -> Roofline:
    """Put layers against ceilings.

    Args:
        layers: of one frame.
        weights: how many numbers they hold.
        precision: type of weights and planes: bf16, fp16 or fp32.
    """
    layers = list(layers)
    width = 4 if precision == "fp32" else 2
    rate, speed = ceilings.tflops[precision] * TERA, ceilings.gb_per_s * GIGA
    flop = sum(layer.flop for layer in layers)
    moved = width * sum(layer.numbers for layer in layers)
    slowest = sum(max(layer.flop / rate, width * layer.numbers / speed) for layer in layers)
    return Roofline(
        round(flop / GIGA, 3),
        round((width * weights + picture_bytes) / 1e6, 3),
        round(moved / 1e6, 3),
        round(flop / rate * MS_A_SECOND, 4),
        round(slowest * MS_A_SECOND, 4),
    )


class _Layers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every convolution and matrix product."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[Layer] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        with FlopCounterMode(display=False) as counter:
            result = function(*args, **(kwargs or {}))
        if flop := counter.get_total_flops():
            tensors = [part for part in (*args, result) if isinstance(part, Tensor)]
            self.found.append(Layer(flop, sum(tensor.numel() for tensor in tensors)))
        return result


def layers_of_a_frame(config: ModelConfig) -> tuple[list[Layer], int]:
    """Layers of M and G as they are written, and how many weights they have; on the meta device."""
    with torch.device("meta"), torch.no_grad():
        networks = Networks(config).eval()
        image = torch.empty(1, 3, config.image_size, config.image_size)
        points = Keypoints(torch.empty(1, config.keypoints, 3), torch.empty(1, 3, 3))
        features = networks.appearance(image)
        with _Layers() as layers:
            field = networks.motion_field(features.volume, points, points)
            networks.generator(features, field)
    rendering = (networks.motion_field, networks.generator)
    weights = sum(p.numel() for network in rendering for p in network.parameters())
    return layers.found, weights
