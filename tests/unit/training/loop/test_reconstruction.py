"""What the networks make of a pair in training."""

import dataclasses

import torch
from torch import Tensor

from models.config import ModelConfig
from models.geometry import rotation_matrix, transform_keypoints
from models.networks import Networks
from models.training.processes import Processes
from models.training.reconstruction import Draw, Reconstruction, Rendering, reconstruct
from models.training.settings import TrainingSettings
from models.training.training_run import Pairs

BATCH = 2  # of the pairs


ALONE = Processes(0, 1, torch.device("cpu"))


def everything(keypoints: int) -> Draw:
    return Draw(torch.full((BATCH,), keypoints), None)


def networks_of(config: ModelConfig) -> Networks:
    torch.manual_seed(0)
    return Networks(config).eval().requires_grad_(False)


def rendered(made: Reconstruction) -> Rendering:
    assert made.rendering is not None
    return made.rendering


def test_keypoints_are_those_of_equation_one(tiny_config: ModelConfig, pairs: Pairs) -> None:
    networks, batch = networks_of(tiny_config), pairs.batch(0)
    made = reconstruct(networks, batch, everything(tiny_config.keypoints))
    motion = networks.motion_encoder(batch.driving)
    expected = transform_keypoints(
        networks.canonical(batch.source),
        rotation_matrix(motion.angles),
        motion.translation,
        motion.deformations,
    )
    assert torch.allclose(made.driving.points, expected, atol=1e-5)
    rendering = rendered(made)
    assert rendering.picture.shape == batch.driving.shape
    assert rendering.blend is not None


def test_what_is_not_sent_changes_the_rendering_alone(
    tiny_config: ModelConfig, pairs: Pairs
) -> None:
    networks, batch = networks_of(tiny_config), pairs.batch(0)
    whole = reconstruct(networks, batch, everything(tiny_config.keypoints))
    part = reconstruct(networks, batch, Draw(torch.tensor([tiny_config.keypoints, 5]), None))
    changed = (rendered(whole).picture - rendered(part).picture).abs().amax((1, 2, 3))
    assert changed[0] < 1e-6
    assert changed[1] > 1e-6
    assert torch.allclose(whole.driving.points, part.driving.points)


def test_a_picture_generated_alone_has_nothing_of_the_source(
    tiny_config: ModelConfig, pairs: Pairs
) -> None:
    networks, batch = networks_of(tiny_config), pairs.batch(0)
    draw = dataclasses.replace(everything(tiny_config.keypoints), alone=torch.tensor([True, False]))
    made, other = (
        rendered(reconstruct(networks, batch, draw)).blend,
        rendered(reconstruct(networks, batch, everything(tiny_config.keypoints))).blend,
    )
    assert made is not None and other is not None
    assert (made.alpha[0] == 0).all()
    assert (made.still[0] == 0).all()
    alpha, still = other.alpha[0], other.still[0]
    moving = alpha * other.warped[0] + (1 - alpha) * made.picture[0]
    mixed = still * batch.source[0] + (1 - still) * moving
    assert torch.allclose(mixed, other.picture[0], atol=1e-5)
    assert torch.equal(made.picture[1], other.picture[1])


def test_the_transformed_driver_has_keypoints_of_its_own(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    weights = dataclasses.replace(guided.weights, equivariance=1.0)
    settings = dataclasses.replace(guided, weights=weights)
    draw = Draw.of_step(settings, tiny_config.keypoints, 0, ALONE)
    made = reconstruct(networks_of(tiny_config), pairs.batch(0), draw)
    assert made.transformed is not None
    assert not torch.allclose(made.transformed, made.driving.points)


def test_the_papers_networks_train_too(tiny_paper_config: ModelConfig, pairs: Pairs) -> None:
    made = rendered(reconstruct(networks_of(tiny_paper_config), pairs.batch(0), everything(5)))
    assert made.picture.shape == (BATCH, 3, 64, 64)
    assert made.blend is None


def test_keypoints_alone_are_the_same_without_a_rendering(
    tiny_config: ModelConfig, pairs: Pairs
) -> None:
    networks, batch = networks_of(tiny_config), pairs.batch(0)
    draw = everything(tiny_config.keypoints)
    alone = reconstruct(networks, batch, draw, renders=False)
    assert alone.rendering is None
    assert torch.equal(alone.driving.points, reconstruct(networks, batch, draw).driving.points)


def kept_by(settings: TrainingSettings, step: int, processes: Processes) -> Tensor:
    return Draw.of_step(settings, 20, step, processes).kept


def test_processes_draw_parts_of_one_draw(guided: TrainingSettings) -> None:
    settings = dataclasses.replace(guided, keypoint_dropout=1.0)
    whole = dataclasses.replace(settings, batch=2 * BATCH)
    device = torch.device("cpu")
    parts = [kept_by(settings, 7, Processes(rank, 2, device)) for rank in (0, 1)]
    assert torch.equal(torch.cat(parts), kept_by(whole, 7, ALONE))
    assert not torch.equal(kept_by(whole, 7, ALONE), kept_by(whole, 8, ALONE))
