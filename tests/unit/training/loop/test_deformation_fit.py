"""The closed form for the deformations' layer, on labels whose best layer is known."""

import dataclasses

import pytest
import torch
from torch import Tensor

from confapp.errors import ConfappError
from models.config import ModelConfig
from models.facial_landmarks import GUIDES
from models.geometry import rotation_matrix, transform_keypoints
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.networks import Networks
from models.training.deformation_fit import fit_deformations
from models.training.pair_batch import PairBatch
from models.training.training_run import Pairs

SHIFT = torch.tensor([0.05, -0.02])


@pytest.fixture
def networks(tiny_config: ModelConfig) -> Networks:
    torch.manual_seed(0)
    return Networks(tiny_config).eval()


def keypoints(networks: Networks, canonical: Tensor, image: Tensor) -> Tensor:
    encoder = networks.motion_encoder
    assert isinstance(encoder, LandmarkMotionEncoder)
    motion = encoder.look(image)
    rotation = rotation_matrix(motion.angles)
    return transform_keypoints(canonical, rotation, motion.translation, motion.deformations)


@torch.no_grad()
def labelled(networks: Networks, batch: PairBatch) -> PairBatch:
    """Landmarks where the network's own keypoints are, but for `SHIFT`."""
    canonical = networks.canonical(batch.source)

    def landmarks(image: Tensor) -> Tensor:
        places = torch.zeros(len(image), 68, 2)
        for index, guide in enumerate(GUIDES):
            point = keypoints(networks, canonical, image)[:, index, :2] + SHIFT
            places[:, list(guide)] = point[:, None]
        return places

    return dataclasses.replace(
        batch,
        source_landmarks=landmarks(batch.source),
        driving_landmarks=landmarks(batch.driving),
    )


def test_keypoints_meet_their_landmarks(networks: Networks, pairs: Pairs) -> None:
    batches = [labelled(networks, pairs.batch(step)) for step in range(4)]
    free = networks.motion_encoder.deformations.weight[3 * len(GUIDES) :].clone()
    fit = fit_deformations(networks, batches)
    assert fit.frames == 16
    assert fit.before == pytest.approx(float(SHIFT.norm()), rel=1e-4)
    assert fit.after < 0.02 * fit.before
    assert fit_deformations(networks, batches).before < 0.02 * fit.before
    assert torch.equal(networks.motion_encoder.deformations.weight[3 * len(GUIDES) :], free)


def test_frames_without_landmarks_do_not_count(networks: Networks, pairs: Pairs) -> None:
    batch = labelled(networks, pairs.batch(0))
    nowhere = torch.full_like(batch.source_landmarks, torch.nan)
    half = dataclasses.replace(batch, source_landmarks=nowhere)
    assert fit_deformations(networks, [half]).frames == 2
    none = dataclasses.replace(half, driving_landmarks=nowhere)
    with pytest.raises(ConfappError) as caught:
        fit_deformations(networks, [none])
    assert caught.value.error_id == "labels-missing"
