"""Small models, so that a test takes milliseconds."""

import dataclasses

import torch

from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS, ModelConfig
from models.networks import Networks
from models.talking_head import TalkingHead


def tiny(name: str) -> ModelConfig:
    """A named configuration with few channels at a quarter of the size."""
    config = CONFIGS[name]
    planar = config.motion_field.planar
    return dataclasses.replace(
        config,
        name=f"tiny-{name}",
        image_size=64,
        keypoints=5,
        volume_channels=4,
        volume_depth=min(config.volume_depth, 4),
        volume_size=8 if planar else 16,
        appearance=dataclasses.replace(
            config.appearance,
            widths=tuple(8 for _ in config.appearance.widths),
            volume_blocks=min(config.appearance.volume_blocks, 1),
            skip_widths=tuple(4 for _ in config.appearance.skip_widths),
        ),
        canonical=dataclasses.replace(
            config.canonical,
            input_size=32,
            down_widths=tuple(8 for _ in config.canonical.down_widths),
            up_widths=tuple(8 for _ in config.canonical.up_widths),
            head_kernel=3,
        )
        if config.canonical
        else None,
        motion_encoder=dataclasses.replace(
            config.motion_encoder,
            stem_width=8,
            stages=((8, 1), (16, 1)),
            input_size=min(config.motion_encoder.input_size, 32),
            landmark_width=min(config.motion_encoder.landmark_width, 8),
        ),
        motion_field=dataclasses.replace(
            config.motion_field,
            down_widths=(8, 8, 8),
            up_widths=(8, 8) if planar else (8, 8, 8),
            mask_kernel=3,
            surface_widths=(8, 8) if planar else (0, 0),
        ),
        generator=dataclasses.replace(
            config.generator,
            # planes of a planar model are an eighth of the picture's side, others' a quarter
            widths=(8,) * (4 if planar and not config.generator.blending else 3),
            blocks=1,
        ),
    )


def one_look(config: ModelConfig) -> ModelConfig:
    """The same without the mirror: what is asked of one look holds."""
    encoder = dataclasses.replace(config.motion_encoder, looks_twice=False)
    return dataclasses.replace(config, motion_encoder=encoder)


def lively_networks(config: ModelConfig, seed: int = 0) -> Networks:
    """Random weights that move: canonical keypoints spread out and deformations that matter."""
    torch.manual_seed(seed)
    networks = Networks(config)
    with torch.no_grad():
        if config.canonical:
            networks.canonical.head.weight.mul_(30)  # type: ignore[operator, union-attr]
            networks.motion_encoder.yaw.weight.mul_(20)
        networks.motion_encoder.deformations.weight.mul_(3)
        for module in networks.modules():
            if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
                module.weight.uniform_(0.5, 2)
    return networks


def lively(config: ModelConfig, seed: int = 0) -> TalkingHead:
    """A small model that answers to what it is given."""
    return TalkingHead(Checkpoint.of(lively_networks(config, seed), "tiny"), trained=False)


def trained_some_steps(config_name: str) -> Checkpoint:
    """Networks whose batch norms have seen something: folding them must matter."""
    networks = lively_networks(tiny(config_name))
    for module in networks.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    return Checkpoint.of(networks, "tiny")
