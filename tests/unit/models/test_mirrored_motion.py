"""Motion seen in the mirror, and the mean of both looks."""

import torch
from tiny_models import lively_networks, tiny

from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.mirrored_motion import Mirror, mirrored_keypoints
from models.motion_encoder import Motion

CONFIG = tiny("lite-256")


def encoder() -> LandmarkMotionEncoder:
    network = lively_networks(CONFIG).motion_encoder.eval()
    assert isinstance(network, LandmarkMotionEncoder)
    return network


def same(one: Motion, other: Motion) -> None:
    assert one.landmarks is not None and other.landmarks is not None
    for part in ("angles", "translation", "deformations", "landmarks"):
        torch.testing.assert_close(getattr(one, part), getattr(other, part), atol=1e-5, rtol=1e-5)


def test_partners_in_the_mirror() -> None:
    partners = mirrored_keypoints(20)
    assert [partners[partner] for partner in partners] == list(range(20))
    lips, lids, corners, nose, free = (0, 1), (2, 3), (4, 5), 17, (18, 19)
    assert [partners[keypoint] for keypoint in (*lips, nose, *free)] == [*lips, nose, *free]
    assert [partners[keypoint] for keypoint in (*lids, *corners)] == [3, 2, 5, 4]
    assert mirrored_keypoints(5) == [0, 1, 3, 2, 4]  # the fifth's partner would be the sixth


def test_left_becomes_right() -> None:
    deformations = torch.zeros(1, 20, 3)
    deformations[0, 2] = torch.tensor([0.1, 0.2, 0.3])  # a lid on the picture's left
    landmarks = torch.zeros(1, 68, 2)
    landmarks[0, 36] = torch.tensor([-0.4, 0.1])  # an eye's outer corner on the left
    angles, translation = torch.tensor([[10.0, 5.0, -3.0]]), torch.tensor([[0.2, 0.3, 0.4]])
    found = Mirror(20).undone(Motion(angles, translation, deformations, landmarks))
    assert found.angles.tolist() == [[-10.0, 5.0, 3.0]]
    torch.testing.assert_close(found.translation, torch.tensor([[-0.2, 0.3, 0.4]]))
    torch.testing.assert_close(found.deformations[0, 3], torch.tensor([-0.1, 0.2, 0.3]))
    assert found.deformations[0, 2].abs().max() == 0
    assert found.landmarks is not None
    torch.testing.assert_close(found.landmarks[0, 45], torch.tensor([0.4, 0.1]))


def test_in_use_a_face_and_its_mirror_image_have_mirrored_motion() -> None:
    network = encoder()
    mirror = Mirror(CONFIG.keypoints)
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        motion = network(pictures)
        same(mirror.undone(network(pictures.flip(-1))), motion)

        network.mirror = None  # one look
        alone, turned = network(pictures), mirror.undone(network(pictures.flip(-1)))
        assert (alone.deformations - turned.deformations).abs().max() > 0.01
        same(mirror(alone, network(pictures.flip(-1))), motion)


def test_in_training_one_look_is_judged() -> None:
    network = encoder()
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    twice = network(pictures).deformations
    network.train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.eval()
    once = network(pictures).deformations
    assert (once - twice).abs().max() > 0.001
    network.mirror = None
    torch.testing.assert_close(network(pictures).deformations, once)
