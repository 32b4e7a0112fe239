"""Size and arithmetic of every network, by configuration."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models.config import ModelConfig
from models.discriminator import Discriminator
from models.motion_field import Keypoints
from models.networks import Networks
from models.residual import ResidualCoder

GIGA = 1e9
MEGA = 1e6


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """One network's size and cost at batch 1.

    Attributes:
        network: its letter in the paper.
        runs: how often: once a source, once a frame sent, once a frame rendered, in training...
        parameters_m: trainable numbers, millions.
        gflop: operations of its convolutions and matrix products, 2 a multiply-add, 10^9.
    """

    network: str
    runs: str
    parameters_m: float
    gflop: float


def discriminator_scales(config: ModelConfig) -> int:
    """One scale up to 256x256, two above (appendix A.2)."""
    return 1 if config.image_size <= 256 else 2


def summarise(config: ModelConfig) -> list[NetworkSummary]:
    """Count parameters and operations without computing anything (on the meta device)."""
    with torch.device("meta"), torch.no_grad():
        networks = Networks(config).eval()
        discriminator = Discriminator(discriminator_scales(config)).eval()
        residual = ResidualCoder().eval()
        image = torch.empty(1, 3, config.image_size, config.image_size)
        points = Keypoints(torch.empty(1, config.keypoints, 3), torch.empty(1, 3, 3))
        features = networks.appearance(image)
        field = networks.motion_field(features.volume, points, points)
        calls: list[tuple[str, str, nn.Module, tuple[object, ...]]] = [
            ("F appearance extractor", "a source", networks.appearance, (image,)),
            ("L canonical keypoints", "a source", networks.canonical, (image,)),
            ("H+Δ motion encoder", "a frame sent", networks.motion_encoder, (image,)),
            (
                "M motion field",
                "a frame rendered",
                networks.motion_field,
                (features.volume, points, points),
            ),
            ("G generator", "a frame rendered", networks.generator, (features, field)),
            ("D discriminator", "a training step", discriminator, (image,)),
            ("residual coder", "a refresh", residual, (image,)),
        ]
        return [
            NetworkSummary(name, runs, _parameters(network) / MEGA, _flop(network, inputs) / GIGA)
            for name, runs, network, inputs in calls
        ]


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _flop(network: nn.Module, inputs: tuple[object, ...]) -> int:
    counter = FlopCounterMode(display=False)
    with counter:
        network(*inputs)
    return int(counter.get_total_flops())
