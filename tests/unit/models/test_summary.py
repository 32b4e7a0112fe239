"""Sizes and operations against figures worked by hand and the published sizes."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models.blocks import Bottleneck, DownBlock, ResBlock, SameBlock, UpBlock
from models.config import CONFIGS
from models.summary import NetworkSummary, summarise


def flop_and_parameters(layer: nn.Module, *shape: int) -> tuple[int, int]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer.eval()(torch.zeros(shape))
    return counter.get_total_flops(), sum(p.numel() for p in layer.parameters())


@pytest.mark.parametrize(
    ("layer", "shape", "flop", "parameters"),
    [
        # 3x3 convolution 8 -> 16 on 10 x 10; weights + bias + batch norm's scale and shift
        (SameBlock(8, 16), (1, 8, 10, 10), 2 * 9 * 8 * 16 * 100, 9 * 8 * 16 + 16 + 2 * 16),
        (SameBlock(8, 16, 7), (1, 8, 10, 10), 2 * 49 * 8 * 16 * 100, 49 * 8 * 16 + 16 + 2 * 16),
        # convolved before the plane halves
        (DownBlock(8, 16), (1, 8, 10, 10), 2 * 9 * 8 * 16 * 100, 9 * 8 * 16 + 48),
        # convolved after the plane doubles
        (UpBlock(16, 8), (1, 16, 5, 5), 2 * 9 * 8 * 16 * 100, 9 * 8 * 16 + 24),
        (ResBlock(8), (1, 8, 10, 10), 2 * 2 * 9 * 64 * 100, 2 * (9 * 64 + 8) + 2 * 16),
        (ResBlock(4, dims=3), (1, 4, 3, 6, 6), 2 * 2 * 27 * 16 * 108, 2 * (27 * 16 + 4) + 2 * 8),
        (nn.Linear(16, 66), (1, 16), 2 * 16 * 66, 16 * 66 + 66),
        # 3-D: 27 taps, depth stays while the plane halves
        (DownBlock(4, 8, dims=3), (1, 4, 3, 6, 6), 2 * 27 * 32 * 108, 27 * 32 + 8 + 16),
        (UpBlock(8, 4, dims=3), (1, 8, 3, 3, 3), 2 * 27 * 32 * 108, 27 * 32 + 4 + 8),
        # 1x1 16 -> 4, 3x3 4 -> 4, 1x1 4 -> 16 on 10 x 10
        (
            Bottleneck(16, 4),
            (1, 16, 10, 10),
            2 * 100 * (64 + 9 * 16 + 64),
            (64 + 4 + 8) + (144 + 4 + 8) + (64 + 16 + 32),
        ),
        # stride 2: the first 1x1 at 10 x 10, the rest and the skip at 5 x 5
        (
            Bottleneck(16, 4, 2),
            (1, 16, 10, 10),
            2 * 100 * 64 + 2 * 25 * (144 + 64 + 256),
            (64 + 4 + 8) + (144 + 4 + 8) + (64 + 16 + 32) + (256 + 16 + 32),
        ),
    ],
)
def test_layer_figures_by_hand(
    layer: nn.Module, shape: tuple[int, ...], flop: int, parameters: int
) -> None:
    assert flop_and_parameters(layer, *shape) == (flop, parameters)


def by_letter(name: str) -> dict[str, NetworkSummary]:
    return {summary.network.split()[0]: summary for summary in summarise(CONFIGS[name])}


def test_vox_256_has_the_published_sizes() -> None:
    networks = by_letter("vox-256")
    assert networks["L"].parameters_m == pytest.approx(41.9, abs=0.06)
    assert networks["H+Δ"].parameters_m == pytest.approx(30.3, abs=0.06)
    assert networks["M"].parameters_m == pytest.approx(43.6, abs=0.06)
    published_gflop = {"F": 64, "L": 39, "H+Δ": 16, "M": 238, "G": 90}
    for letter, gflop in published_gflop.items():
        assert networks[letter].gflop == pytest.approx(gflop, rel=0.03), letter


def test_lite_256_keeps_its_budget() -> None:
    networks = by_letter("lite-256")
    assert networks["M"].gflop + networks["G"].gflop <= 20
    assert networks["H+Δ"].gflop <= 2


def test_paper_512_works_on_a_plane_of_128() -> None:
    small, large = by_letter("paper-256"), by_letter("paper-512")
    assert large["M"].gflop == pytest.approx(4 * small["M"].gflop, rel=0.01)
    assert large["M"].parameters_m == small["M"].parameters_m
    assert large["D"].parameters_m == 2 * small["D"].parameters_m  # two scales
