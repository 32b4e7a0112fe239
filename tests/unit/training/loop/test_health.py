"""A dead run is stopped with the reason, a living one is not."""

import math

import pytest
import torch

from models.generator import Blend
from models.geometry import plane_grid, volume_grid
from models.motion_encoder import Motion
from models.motion_field import Keypoints, MotionField, SurfaceField
from models.training.health import (
    GRACE_STEPS,
    PATIENCE_CHECKS,
    VITAL_SIGNS,
    Health,
    vital_signs,
)
from models.training.reconstruction import Reconstruction, Rendering
from models.training.training_stopped import TrainingStopped

ALIVE = {
    "keypoint_spread": 0.3,
    "flow_length": 0.05,
    "occlusion_low": 0.2,
    "occlusion_high": 0.9,
    "alpha_low": 0.1,
    "alpha_high": 0.99,
}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"keypoint_spread": 0.001}, "keypoints have collapsed"),
        ({"flow_length": 1e-6}, "flow is the identity"),
        ({"occlusion_low": 0.0, "occlusion_high": 1e-5}, "occlusion map is 0"),
        ({"occlusion_low": 0.9999, "occlusion_high": 1.0}, "occlusion map is 1"),
        ({"alpha_low": 0.0, "alpha_high": 0.0}, "blending mask is 0"),
        ({"alpha_low": 1.0, "alpha_high": 1.0}, "blending mask is 1"),
    ],
)
def test_a_network_dead_for_several_checks_stops_the_run(
    changes: dict[str, float], reason: str
) -> None:
    health = Health()
    for _ in range(PATIENCE_CHECKS - 1):
        health.check(GRACE_STEPS, ALIVE | changes)
    with pytest.raises(TrainingStopped, match=reason) as caught:
        health.check(GRACE_STEPS, ALIVE | changes)
    assert caught.value.error_id == "training-dead"


def test_one_good_check_begins_the_count_again() -> None:
    health = Health()
    dead = ALIVE | {"flow_length": 0.0}
    for _ in range(3):
        for _ in range(PATIENCE_CHECKS - 1):
            health.check(GRACE_STEPS, dead)
        health.check(GRACE_STEPS, ALIVE)


def test_random_networks_have_time_to_wake() -> None:
    health = Health()
    for step in range(GRACE_STEPS):
        health.check(step, ALIVE | {"flow_length": 0.0})


def test_a_number_that_is_not_finite_stops_at_once() -> None:
    with pytest.raises(TrainingStopped, match="picture not finite"):
        Health().check(3, ALIVE | {"picture": math.nan})


def still_reconstruction() -> Reconstruction:
    """Nothing moves, all keypoints in one place, occlusion 0 and alpha 1 everywhere."""
    cpu = torch.device("cpu")
    points = Keypoints(torch.zeros(1, 4, 3), torch.eye(3)[None])
    motion = Motion(torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(1, 4, 3))
    field = MotionField(
        volume_grid(2, 4, cpu)[None],
        torch.full((1, 5, 2, 4, 4), 0.2),
        torch.zeros(1, 1, 8, 8),
        SurfaceField(plane_grid(8, cpu)[None], torch.zeros(1, 1, 8, 8)),
    )
    picture = torch.zeros(1, 3, 16, 16)
    share = torch.ones(1, 1, 16, 16)
    rendering = Rendering(picture, field, Blend(picture, picture, picture, share, 1 - share))
    return Reconstruction(rendering, points.points, points, points, motion, motion, None)


def test_vital_signs_of_a_dead_network() -> None:
    signs = {name: value.item() for name, value in vital_signs(still_reconstruction()).items()}
    assert set(signs) == set(VITAL_SIGNS)
    assert signs == {
        "keypoint_spread": 0,
        "flow_length": 0,
        "occlusion_low": 0,
        "occlusion_high": 0,
        "alpha_low": 1,
        "alpha_high": 1,
    }
