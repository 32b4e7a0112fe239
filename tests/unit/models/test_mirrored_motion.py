"""Motion seen in the mirror, and the mean of both looks."""

import dataclasses
import re

import pytest
import torch
from tiny_models import lively_networks, tiny
from torch import Tensor

from models.config import ModelConfig
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.mirrored_motion import Mirror, mirrored_keypoints
from models.motion_encoder import Motion

# With 15 keypoints all partners are among them, with 5 the last one's is not.
WHOLE = dataclasses.replace(tiny("lite-256"), keypoints=15)
CUT = dataclasses.replace(WHOLE, keypoints=5)


def encoder(config: ModelConfig = WHOLE) -> LandmarkMotionEncoder:
    network = lively_networks(config).motion_encoder.eval()
    assert isinstance(network, LandmarkMotionEncoder)
    return network


def pictures() -> Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_partners_in_the_mirror() -> None:
    partners = mirrored_keypoints(20)
    lips, lids, corners, nose = (0, 1), (2, 3), (4, 5), 17
    assert [partners[keypoint] for keypoint in (*lips, nose)] == [*lips, nose]
    assert [partners[keypoint] for keypoint in (*lids, *corners)] == [3, 2, 5, 4]
    assert partners[18:] == [None, None]  # no landmark guides these
    assert [partners[partner] for partner in partners[:18] if partner is not None] == list(
        range(18)
    )
    assert mirrored_keypoints(5) == [0, 1, 3, 2, None]


def test_left_becomes_right() -> None:
    """Of a motion of nothing and one in the mirror, half of the latter is left."""
    deformations = torch.zeros(1, 20, 3)
    deformations[0, 2] = torch.tensor([0.1, 0.2, 0.3])  # a lid on the left of the mirror image
    deformations[0, 19] = 0.4  # guided by nothing
    landmarks = torch.zeros(1, 68, 2)
    landmarks[0, 36] = torch.tensor([-0.4, 0.1])  # an eye's outer corner on its left
    angles, translation = torch.tensor([[10.0, 5.0, -3.0]]), torch.tensor([[0.2, 0.3, 0.4]])
    mirrored = Motion(angles, translation, deformations, landmarks)
    nothing = Motion(*(torch.zeros_like(part) for part in (angles, translation, deformations)))
    nothing = dataclasses.replace(nothing, landmarks=torch.zeros_like(landmarks))
    found = Mirror(20)(nothing, mirrored)
    assert found.angles.tolist() == [[-5.0, 2.5, 1.5]]
    torch.testing.assert_close(found.translation, torch.tensor([[-0.1, 0.15, 0.2]]))
    torch.testing.assert_close(found.deformations[0, 3], torch.tensor([-0.05, 0.1, 0.15]))
    assert found.deformations[0, [2, 19]].abs().max() == 0
    assert found.landmarks is not None
    torch.testing.assert_close(found.landmarks[0, 45], torch.tensor([0.2, 0.05]))


def test_in_use_a_face_and_its_mirror_image_have_mirrored_motion() -> None:
    """So the mean of what is found in both is what is found in one."""
    network = encoder()
    with torch.no_grad():
        seen, mirrored = network(pictures()), network(pictures().flip(-1))
        both = Mirror(15)(seen, mirrored)
        once = network.look(pictures())
    for part in ("angles", "translation", "deformations", "landmarks"):
        found, expected = getattr(both, part), getattr(seen, part)
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        assert (getattr(once, part) - expected).abs().max() > 1e-3, part


def test_a_keypoint_whose_partner_is_missing_is_seen_once() -> None:
    network = encoder(CUT)
    with torch.no_grad():
        twice, once = network(pictures()).deformations, network.look(pictures()).deformations
    torch.testing.assert_close(twice[:, 4], once[:, 4])
    assert (twice[:, :4] - once[:, :4]).abs().amax((0, 2)).min() > 1e-3


def test_while_it_learns_it_looks_once() -> None:
    network = encoder().train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()
    with torch.no_grad():
        found, once = network(pictures()), network.look(pictures())
    assert torch.equal(found.deformations, once.deformations)


def test_other_landmarks_have_no_known_mirror() -> None:
    message = "looks_twice takes the 68 landmarks of iBUG, not 5"
    with pytest.raises(ValueError, match=re.escape(message)):
        dataclasses.replace(WHOLE.motion_encoder, landmarks=5)


def test_a_motion_in_a_row_and_in_parts() -> None:
    motion = encoder()(pictures())
    first, second = motion.chunk(2)
    for one, part in ((first, slice(0, 1)), (second, slice(1, 2))):
        again = Motion.of_row(one.row())
        for name in ("angles", "translation", "deformations"):
            assert torch.equal(getattr(one, name), getattr(motion, name)[part])
            assert torch.equal(getattr(again, name), getattr(one, name))
        assert again.landmarks is None and one.landmarks is not None
