"""The conventions of models.geometry, as worked examples."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.geometry import (
    LARGEST_SCALE,
    SIZE_NOISE,
    euler_angles,
    keypoint_flow_affine,
    keypoint_heatmaps,
    plane_grid,
    relative_size,
    rotation_matrix,
    transform_keypoints,
    volume_grid,
)

NOSE = torch.tensor([0.0, 0.0, -1.0])  # a face that looks at the camera
RIGHT_EAR_IN_IMAGE = torch.tensor([1.0, 0.0, 0.0])


def turned(
    point: torch.Tensor, *, yaw: float = 0, pitch: float = 0, roll: float = 0
) -> list[float]:
    rotation = rotation_matrix(torch.tensor([[yaw, pitch, roll]]))[0]
    coordinates: list[float] = (rotation @ point).tolist()
    return coordinates


def test_positive_yaw_turns_the_nose_to_the_images_right() -> None:
    assert turned(NOSE, yaw=90) == pytest.approx([1, 0, 0], abs=1e-6)
    assert turned(NOSE, yaw=30) == pytest.approx([0.5, 0, -math.sqrt(3) / 2], abs=1e-6)


def test_positive_pitch_turns_the_nose_up() -> None:
    assert turned(NOSE, pitch=90) == pytest.approx([0, -1, 0], abs=1e-6)


def test_positive_roll_tilts_clockwise() -> None:
    assert turned(RIGHT_EAR_IN_IMAGE, roll=90) == pytest.approx([0, 1, 0], abs=1e-6)
    assert turned(NOSE, roll=90) == pytest.approx([0, 0, -1], abs=1e-6)


def test_order_is_pitch_times_yaw_times_roll() -> None:
    angles = [
        torch.tensor([[yaw, pitch, roll]], dtype=torch.float32)
        for yaw, pitch, roll in [(0, 20, 0), (40, 0, 0), (0, 0, 10), (40, 20, 10)]
    ]
    pitch, yaw, roll, whole = (rotation_matrix(angle) for angle in angles)
    torch.testing.assert_close(whole, pitch @ yaw @ roll)


@settings(max_examples=50)
@given(yaw=st.floats(-85, 85), pitch=st.floats(-170, 170), roll=st.floats(-170, 170))
def test_angles_survive_the_matrix(yaw: float, pitch: float, roll: float) -> None:
    angles = torch.tensor([[yaw, pitch, roll]], dtype=torch.float64)
    rotation = rotation_matrix(angles)
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3, dtype=torch.float64)[None])
    torch.testing.assert_close(euler_angles(rotation), angles, atol=1e-4, rtol=0)


def test_pixel_centres_do_not_move_with_the_resolution() -> None:
    coarse, fine = plane_grid(4, torch.device("cpu")), plane_grid(8, torch.device("cpu"))
    assert coarse[0, :, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    pooled = fine.view(4, 2, 4, 2, 2).mean((1, 3))  # what averaging 2x2 pixels does to centres
    torch.testing.assert_close(pooled, coarse)


def test_volume_grid_is_x_y_z() -> None:
    grid = volume_grid(2, 4, torch.device("cpu"))
    assert grid.shape == (2, 4, 4, 3)
    assert grid[1, 0, 3].tolist() == [0.75, -0.75, 0.5]


def test_keypoint_transformation_by_hand() -> None:
    canonical = torch.tensor([[[0.0, 0.2, -0.4]]])
    points = transform_keypoints(
        canonical,
        rotation_matrix(torch.tensor([[90.0, 0.0, 0.0]])),
        torch.tensor([[0.1, 0.0, 0.0]]),
        torch.tensor([[[0.0, 0.05, 0.0]]]),
    )
    # yaw 90: (0, 0.2, -0.4) -> (0.4, 0.2, 0); then t and delta
    assert points[0, 0].tolist() == pytest.approx([0.5, 0.25, 0.0], abs=1e-6)


def test_flow_of_eq_4_by_hand() -> None:
    """w_k(p) = R_s R_d^-1 (p - x_d) + x_s at p = x_d is x_s, and one step beside it turns."""
    source, driving = torch.tensor([[[0.1, 0.2, 0.3]]]), torch.tensor([[[-0.2, 0.0, 0.1]]])
    straight = rotation_matrix(torch.zeros(1, 3))
    quarter = rotation_matrix(torch.tensor([[0.0, 0.0, 90.0]]))
    jacobian, offset = keypoint_flow_affine(source, driving, straight, quarter)
    at_keypoint = jacobian[0] @ driving[0, 0] + offset[0, 0]
    torch.testing.assert_close(at_keypoint, source[0, 0])
    beside = jacobian[0] @ (driving[0, 0] + torch.tensor([0.0, 0.1, 0.0])) + offset[0, 0]
    # the driving head is tilted 90 degrees clockwise: its "down" is the source's "right"
    torch.testing.assert_close(beside, source[0, 0] + torch.tensor([0.1, 0.0, 0.0]))


def test_flow_without_rotation_is_a_shift() -> None:
    source, driving = torch.rand(2, 5, 3), torch.rand(2, 5, 3)
    jacobian, offset = keypoint_flow_affine(source, driving, None, None)
    torch.testing.assert_close(jacobian, torch.eye(3).expand(2, 3, 3))
    torch.testing.assert_close(offset, source - driving)


def test_flow_scales_a_head_that_is_nearer() -> None:
    """The driver's head is smaller and turned: every point flows, not keypoints alone."""
    source, shift = torch.rand(2, 5, 3) - 0.5, torch.tensor([0.1, -0.2, 0.3])
    straight, turned = rotation_matrix(torch.tensor([[0.0] * 3, [20.0, -10.0, 30.0]]))
    driving = source @ turned.T / 1.5 + shift
    jacobian, offset = keypoint_flow_affine(
        source, driving, straight.expand(2, 3, 3), turned.expand(2, 3, 3), scales=True
    )
    scale = math.exp(math.log(1.5) ** 3 / (math.log(1.5) ** 2 + SIZE_NOISE**2))
    assert scale == pytest.approx(1.5, rel=0.01)
    torch.testing.assert_close(jacobian, scale * turned.T.expand(2, 3, 3), atol=1e-5, rtol=1e-5)
    for k in range(5):
        at_keypoint = (jacobian @ driving[:, k, :, None])[..., 0] + offset[:, k]
        torch.testing.assert_close(at_keypoint, source[:, k], atol=1e-5, rtol=1e-5)


def test_an_expression_is_no_size() -> None:
    """A mouth that opens moves two of eight keypoints; a head as small as that is all of them."""
    source = torch.rand(1, 8, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    opened = source.clone()
    opened[:, :2] += torch.tensor([0.0, 0.2, 0.0]) * torch.tensor([-1.0, 1.0])[:, None]
    assert relative_size(source, opened).item() == pytest.approx(1, abs=0.01)
    assert relative_size(source, source / 1.02).item() == pytest.approx(1, abs=0.005)
    assert relative_size(source, source / 1.3).item() == pytest.approx(1.3, abs=0.02)


def test_no_keypoints_scale_a_flow_beyond_bounds() -> None:
    spread, together = torch.rand(1, 5, 3), torch.full((1, 5, 3), 0.3)
    assert 1.9 < relative_size(spread, together).item() <= LARGEST_SCALE
    assert 1.9 < 1 / relative_size(together, spread).item() <= LARGEST_SCALE
    assert relative_size(together, together).tolist() == [1]


def test_heatmap_peaks_at_its_keypoint() -> None:
    grid = plane_grid(8, torch.device("cpu"))
    point = grid[2, 5].view(1, 1, 2)
    heat = keypoint_heatmaps(point, grid, variance=0.01)
    assert heat.shape == (1, 1, 8, 8)
    assert heat[0, 0, 2, 5] == 1
    # one pixel of 0.25 away: exp(-0.0625 / 0.02)
    assert heat[0, 0, 2, 6].item() == pytest.approx(math.exp(-3.125))
