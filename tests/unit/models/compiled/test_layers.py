"""Convolutions in bytes, worked by hand."""

import numpy as np
import pytest
import torch
from torch import nn

import models.compiled.layers as layers_module
from models.checkpoints.activation_ranges import RangesError
from models.compiled.graph import CompiledGraph, Parameters
from models.compiled.layers import Layers


def one_by_one(weight: float, bias: float) -> nn.Conv2d:
    layer = nn.Conv2d(1, 1, 1)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.fill_(weight)
        layer.bias.fill_(bias)
    return layer.requires_grad_(requires_grad=False)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.0, 0.25),
        (2.0, 1.25),
        (2.004, 1.25),  # a level is 1/100
        (2.006, 1.255),
        (2.55, 1.525),
        (9.0, 1.525),  # cut off
        (-1.0, 0.25),
    ],
)
def test_what_is_read_has_256_levels(number: float, expected: float) -> None:
    parameters = Parameters()
    layers = Layers("net", {"net.layer": (0.0, 2.55)})
    planes = parameters.add(1, 1, 4, 4)
    graph = CompiledGraph([layers.convolved("layer", [planes], one_by_one(0.5, 0.25))], parameters)
    (found,) = graph(np.full((1, 1, 4, 4), number, dtype=np.float32))
    assert found == pytest.approx(np.full((1, 1, 4, 4), expected), abs=1e-5)


@pytest.mark.parametrize(("largest", "found"), [(127, 38 / 127), (63, 19 / 63), (None, 19 / 63)])
def test_weights_have_as_many_levels_as_the_processor_can_add_up(
    monkeypatch: pytest.MonkeyPatch, largest: int | None, found: float
) -> None:
    """None: torch has no convolution in int8 to try it on. Here 0.3 of the largest weight."""
    monkeypatch.setattr(layers_module, "largest_weight", lambda: largest)
    both = nn.Conv2d(2, 1, 1, bias=False)
    with torch.no_grad():
        both.weight.copy_(torch.tensor([1.0, 0.3]).view(1, 2, 1, 1))
    parameters = Parameters()
    layers = Layers("net", {"net.layer": (0.0, 1.0)})
    read = parameters.add(1, 2, 4, 4)
    result = layers.convolved("layer", [read], both.requires_grad_(requires_grad=False))
    one = np.zeros((1, 2, 4, 4), dtype=np.float32)
    one[:, 1] = 1
    (planes,) = CompiledGraph([result], parameters)(one)
    assert planes == pytest.approx(np.full((1, 1, 4, 4), found), abs=1e-5)


def test_a_layer_without_a_range() -> None:
    layers = Layers("net", {"net.other": (0.0, 1.0)})
    planes = Parameters().add(1, 1, 4, 4)
    with pytest.raises(RangesError, match=r"lack net\.layer.*confapp ranges"):
        layers.convolved("layer", [planes], one_by_one(1, 0))


def test_without_ranges_nothing_is_rounded() -> None:
    parameters = Parameters()
    layers = Layers("net")
    planes = parameters.add(1, 1, 4, 4)
    graph = CompiledGraph([layers.convolved("layer", [planes], one_by_one(0.5, 0))], parameters)
    (found,) = graph(np.full((1, 1, 4, 4), 2.006, dtype=np.float32))
    assert found == pytest.approx(np.full((1, 1, 4, 4), 1.003), abs=1e-6)


def test_extremes_are_of_all_that_a_layer_reads() -> None:
    """Two planes that are joined have one range."""
    parameters = Parameters()
    layers = Layers("net")
    one, other = parameters.add(1, 1, 2, 2), parameters.add(1, 2, 2, 2)
    joined = nn.Conv2d(3, 1, 1).requires_grad_(requires_grad=False)
    layers.convolved("joined", [one, other], joined)
    layers.convolved("alone", [one], one_by_one(1, 0))
    assert [*layers.read] == ["net.joined", "net.alone"]
    (ends,) = CompiledGraph([layers.extremes()], parameters)(
        np.array([[[[-3, 1], [2, 0]]]], dtype=np.float32),
        np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2),
    )
    assert ends.tolist() == [[-3, 7], [-3, 2]]
