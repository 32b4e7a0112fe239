"""H and Delta that read the motion from landmarks."""

import torch
from tiny_models import one_look, tiny

from models.geometry import plane_grid
from models.landmark_motion_encoder import SHAPE_GAIN, LandmarkFinder, LandmarkMotionEncoder

CONFIG = tiny("lite-256")


def test_a_landmark_is_the_expectation_of_its_heat_map() -> None:
    """Of two peaks of equal height it is the middle."""
    finder = LandmarkFinder(CONFIG.motion_encoder).eval()
    finder.head = torch.nn.Identity()
    finder.blocks = torch.nn.ModuleList([torch.nn.Identity()])
    finder.lateral = torch.nn.ModuleList([torch.nn.Identity(), torch.nn.Identity()])
    heat = torch.zeros(1, 2, 8, 8)
    heat[0, 0, 2, 5] = 100
    heat[0, 1, 1, 1] = heat[0, 1, 3, 7] = 100
    places = finder([heat, torch.zeros(1, 2, 4, 4)])
    grid = plane_grid(8, heat.device)
    torch.testing.assert_close(places[0, 0], grid[2, 5])
    torch.testing.assert_close(places[0, 1], (grid[1, 1] + grid[3, 7]) / 2)


def test_translation_and_deformations_follow_the_landmarks_in_full_precision() -> None:
    """With weights that copy, they are the landmarks' centre and shape, also under autocast."""
    encoder = LandmarkMotionEncoder(one_look(CONFIG)).eval()
    width = encoder.backbone.width
    with torch.no_grad():
        for layer in (encoder.translation, encoder.deformations):
            layer.weight.zero_()
            layer.bias.zero_()
        encoder.translation.weight[0, -2] = 1  # x of the centre
        encoder.deformations.weight[4, width + 3] = 1 / SHAPE_GAIN  # y of landmark 1, keypoint 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            motion = encoder(torch.rand(2, 3, 64, 64))
    assert motion.landmarks is not None
    assert motion.landmarks.shape == (2, 68, 2)
    centre = motion.landmarks.mean(1)
    shape = motion.landmarks[:, 1, 1] - centre[:, 1]
    torch.testing.assert_close(motion.translation[:, 0], centre[:, 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(motion.deformations[:, 1, 1], shape, atol=1e-6, rtol=0)
    assert motion.translation[:, 1:].abs().max() == 0


def test_frames_are_seen_at_one_size_whatever_they_come_in() -> None:
    encoder = LandmarkMotionEncoder(CONFIG).eval()
    small = torch.rand(1, 3, 32, 32)
    large = small.repeat_interleave(2, -1).repeat_interleave(2, -2)
    with torch.no_grad():
        torch.testing.assert_close(encoder(small).angles, encoder(large).angles)
