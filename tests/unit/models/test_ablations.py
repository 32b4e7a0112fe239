"""What the paper's table 5 leaves out or does otherwise, in the networks of a configuration."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_models import lively, tiny

from models.config import CONFIGS, ModelConfig, ablations
from models.geometry import rotation_matrix
from models.motion_field import Keypoints, flow_affine
from models.networks import Networks

BASES = ("lite-128", "paper-256")
NAMES = [f"{base}-{ending}" for base in BASES for ending in ("direct", "flat", "15", "10")]
NAMES.append("lite-128-plain")


def small(name: str) -> ModelConfig:
    """A tiny variant that keeps its number of planes and keypoints in proportion."""
    return dataclasses.replace(tiny(name), keypoints=CONFIGS[name].keypoints)


@pytest.mark.parametrize("base", BASES)
def test_variants_differ_from_the_base_in_one_thing(base: str) -> None:
    whole, direct, flat, fifteen, ten, *plain = ablations(CONFIGS[base])
    assert whole is CONFIGS[base]
    assert direct.canonical is None
    assert flat.volume_depth == 1
    assert flat.volume_channels == whole.volume_channels * whole.volume_depth
    assert (whole.keypoints, fifteen.keypoints, ten.keypoints) == (20, 15, 10)
    assert all(CONFIGS[variant.name] == variant for variant in (direct, flat, fifteen, ten, *plain))
    assert dataclasses.replace(ten, name=base, keypoints=20) == whole
    assert [one.generator.blending for one in plain] == [False] * whole.generator.blending


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_renders_what_drives_it(name: str) -> None:
    head = lively(small(name))
    random = np.random.default_rng(0)
    photo, driver = random.integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    appearance = head.encode_source(photo)
    still = head.render(appearance, appearance.motion)
    driven = head.render(appearance, head.encode_motion(driver))
    assert still.shape == (64, 64, 3)
    assert not np.array_equal(still, driven)


def test_direct_keypoints_know_no_pose() -> None:
    config = small("lite-128-direct")
    networks = Networks(config).eval()
    image = torch.rand(2, 3, 64, 64)
    motion = networks.motion_encoder(image)
    assert not motion.angles.any()
    assert not motion.translation.any()
    assert not networks.canonical(image).any()
    assert motion.deformations.shape == (2, 20, 3)
    assert not [name for name in networks.state_dict() if "yaw" in name or "canonical" in name]


@pytest.mark.parametrize("name", ["lite-128-flat", "paper-256-flat"])
def test_depth_of_a_keypoint_moves_nothing_flat(name: str) -> None:
    """The same picture planes, whatever z the keypoints have, where nobody turns their head."""
    config = small(name)
    networks = Networks(config).eval()
    straight = rotation_matrix(torch.zeros(1, 3))
    source, driving = (Keypoints(torch.rand(1, 20, 3) - 0.5, straight) for _ in range(2))
    volume = torch.rand(1, config.volume_channels, 1, config.volume_size, config.volume_size)
    deeper = Keypoints(driving.points + torch.tensor([0.0, 0.0, 0.3]), straight)
    jacobian, offsets = flow_affine(source, deeper, rotation_in_flow=True, flat=True)
    expected = source.points[..., :2] - driving.points[..., :2]
    torch.testing.assert_close(offsets[..., :2], expected)
    assert not offsets[..., 2].any()
    assert not jacobian[:, 2].any()
    with torch.no_grad():
        fields = [networks.motion_field(volume, source, one) for one in (driving, deeper)]
    assert not fields[1].flow[..., 2].any()
    if name == "paper-256-flat":  # the planar field is also told the offsets' numbers
        torch.testing.assert_close(fields[0].mask, fields[1].mask)


def test_depth_of_keypoints_does_not_scale_flat() -> None:
    """A head is as large as it is seen in the plane."""
    straight = rotation_matrix(torch.zeros(1, 3))
    source, driving = (Keypoints(torch.rand(1, 20, 3) - 0.5, straight) for _ in range(2))
    depth = torch.tensor([1.0, 1.0, 9.0])
    deeper = Keypoints(driving.points * depth, straight)
    scales = {"rotation_in_flow": True, "scale_in_flow": True}
    flat, flat_deeper, solid, solid_deeper = (
        flow_affine(source, one, **scales, flat=flat)[0]
        for flat in (True, False)
        for one in (driving, deeper)
    )
    torch.testing.assert_close(flat, flat_deeper)
    assert not torch.allclose(solid, solid_deeper, atol=0.1)


def test_flat_flow_turns_with_a_roll() -> None:
    """A roll of 90 degrees is a turn of the plane; the head's own turn about y shortens it."""
    points = torch.zeros(1, 1, 3)
    straight, rolled, turned = (
        rotation_matrix(torch.tensor([angles]))
        for angles in ([0.0] * 3, [0, 0, 90.0], [60.0, 0, 0])
    )
    roll, _ = flow_affine(
        Keypoints(points, rolled), Keypoints(points, straight), rotation_in_flow=True, flat=True
    )
    assert roll[0, :2, :2].flatten().tolist() == pytest.approx([0, -1, 1, 0], abs=1e-6)
    yaw, _ = flow_affine(
        Keypoints(points, turned), Keypoints(points, straight), rotation_in_flow=True, flat=True
    )
    assert yaw[0].diagonal().tolist() == pytest.approx([0.5, 1, 0], abs=1e-6)
