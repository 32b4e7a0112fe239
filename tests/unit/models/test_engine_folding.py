"""Folded blocks compute what the blocks compute."""

import pytest
import torch
from torch import Tensor, nn

from models.blocks import (
    Bottleneck,
    DownBlock,
    ResBlock,
    SameBlock,
    UpBlock,
    add_spectral_norm,
    convolution,
)
from models.engine_convolution import LEAKY_RELU, NONE, RELU, Convolution
from models.engine_folding import folded, same, share
from models.engine_precision import FP32, Precision

CHANNELS = 6


def experienced(network: nn.Module) -> nn.Module:
    """In eval mode, its batch norms with statistics of their own."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 2)
            nn.init.normal_(layer.bias)
    return network.eval()


def planes(dims: int) -> Tensor:
    return torch.randn(2, CHANNELS, *(4, 8, 8)[-dims:])


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("kind", [SameBlock, DownBlock, UpBlock])
def test_blocks(kind: type[SameBlock], dims: int) -> None:
    agrees(kind(CHANNELS, 10, dims=dims), dims)


@pytest.mark.parametrize("dims", [2, 3])
def test_residual_blocks(dims: int) -> None:
    agrees(ResBlock(CHANNELS, dims=dims), dims)


@pytest.mark.parametrize("stride", [1, 2])
def test_bottlenecks(stride: int) -> None:
    agrees(Bottleneck(CHANNELS, 2, stride), 2)


def test_leaky_blocks() -> None:
    agrees(SameBlock(CHANNELS, 10, leaky=True), 2)


def test_sequences() -> None:
    """A bare convolution takes the norm and the activation that follow it."""
    layers = convolution(2, CHANNELS, 10, 3, 2), nn.BatchNorm2d(10), nn.ReLU(), nn.MaxPool2d(2)
    agrees(nn.Sequential(*layers), 2)
    agrees(nn.Sequential(convolution(2, CHANNELS, 10, 1), nn.BatchNorm2d(10)), 2)


def test_spectral_norm() -> None:
    block = SameBlock(CHANNELS, 10)
    add_spectral_norm(block)
    agrees(block, 2)


def test_the_network_itself_is_left_alone() -> None:
    block = experienced(nn.Sequential(ResBlock(CHANNELS), UpBlock(CHANNELS, 4)))
    before = {name: tensor.clone() for name, tensor in block.state_dict().items()}
    folded(block, Precision(torch.bfloat16))
    assert all(torch.equal(before[name], tensor) for name, tensor in block.state_dict().items())


def test_a_block_of_joined_planes_is_a_sum_of_shares() -> None:
    block, x = SameBlock(CHANNELS, 10), planes(2)
    experienced(block)
    first, rest = torch.arange(CHANNELS).split([2, 4])  # type: ignore[no-untyped-call]
    order = rest.flip(0)
    with torch.inference_mode():
        known = share(block, FP32, first)(x[:, first])
        y = same(block, FP32, inputs=order)(x[:, order], plus=known)
        torch.testing.assert_close(y, block(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", [NONE, RELU, LEAKY_RELU])
def test_without_onednn_operators(monkeypatch: pytest.MonkeyPatch, activation: str) -> None:
    """Two routes to one answer."""
    weight, bias, x = torch.randn(CHANNELS, CHANNELS, 4, 4), torch.randn(CHANNELS), planes(2)

    def convolved() -> Tensor:
        layer = Convolution(
            weight,
            bias,
            torch.float32,
            stride=(2, 2),
            padding=(1, 1),
            activation=activation,
        )
        y: Tensor = layer(x)
        return y

    fused = convolved()
    monkeypatch.setattr("torch._C._has_mkldnn", False)
    torch.testing.assert_close(convolved(), fused, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def agrees(block: nn.Module, dims: int) -> None:
    torch.manual_seed(0)
    network, x = experienced(nn.Sequential(block)), planes(dims)
    y = folded(network, FP32)(x)
    torch.testing.assert_close(y, network(x), atol=1e-5, rtol=1e-5)
