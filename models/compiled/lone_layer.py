"""One layer as a graph, to see how fast it is."""

import torch
from torch import nn

from models.compiled.graph import CompiledGraph, Parameters
from models.compiled.layers import Layers

NAME = "lone"


def lone_layer(channels: int, side: int, *, quantised: bool, bf16: bool) -> CompiledGraph:
    """A 3x3 convolution: (1, channels, side, side) -> the same.

    Args:
        quantised: in int8, for inputs between 0 and 1.
        bf16: in bfloat16.
    """
    with torch.random.fork_rng(devices=[]):  # a seeded program counts on its random numbers
        layer = nn.Conv2d(channels, channels, 3, padding=1)
    nn.init.ones_(layer.weight)
    layers = Layers(NAME, {f"{NAME}.{NAME}": (0.0, 1.0)} if quantised else None)
    parameters = Parameters()
    planes = parameters.add(1, channels, side, side)
    result = layers.convolved(NAME, [planes], layer.requires_grad_(requires_grad=False))
    return CompiledGraph([result], parameters, bf16=bf16)
