"""Each network against what the paper says it computes."""

import pytest
import torch
from tiny_models import one_look, tiny

from models.canonical import CanonicalDetector
from models.config import CONFIGS
from models.discriminator import Discriminator
from models.generator import BlendingGenerator
from models.geometry import plane_grid, rotation_matrix, volume_grid
from models.motion_field import Keypoints, compose_flow, flow_affine, warp_volume
from models.networks import Networks
from models.residual import ResidualCoder


def keypoints(batch: int, count: int) -> Keypoints:
    return Keypoints(torch.rand(batch, count, 3) - 0.5, rotation_matrix(torch.rand(batch, 3) * 40))


def test_composed_flow_equals_the_sum_over_flows() -> None:
    """The factored form against sum_k m_k (R_s R_d^-1 (p - x_dk) + x_sk), written out."""
    source, driving = keypoints(2, 4), keypoints(2, 4)
    mask = torch.softmax(torch.randn(2, 5, 3, 6, 6), dim=1)
    grid = volume_grid(3, 6, torch.device("cpu"))
    jacobian, offsets = flow_affine(source, driving, rotation_in_flow=True)
    composed = compose_flow(mask, grid[None], jacobian, offsets)

    turn = source.rotation @ torch.linalg.inv(driving.rotation)
    expected = mask[:, 0, ..., None] * grid
    for k in range(4):
        relative = grid - driving.points[:, k].view(2, 1, 1, 1, 3)
        flow = torch.einsum("bij,bdhwj->bdhwi", turn, relative)
        flow = flow + source.points[:, k].view(2, 1, 1, 1, 3)
        expected = expected + mask[:, k + 1, ..., None] * flow
    torch.testing.assert_close(composed, expected, atol=1e-5, rtol=1e-5)


def test_identity_flow_returns_the_volume() -> None:
    volume = torch.rand(1, 3, 4, 8, 8)
    grid = volume_grid(4, 8, volume.device)[None]
    torch.testing.assert_close(warp_volume(volume, grid), volume, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["lite-256", "paper-256"])
def test_equal_keypoints_leave_everything_where_it_is(name: str) -> None:
    """Source and driving alike: every w_k is the identity, whatever the masks."""
    config = tiny(name)
    networks = Networks(config).eval()
    points = keypoints(1, config.keypoints)
    with torch.no_grad():
        volume = networks.appearance(torch.rand(1, 3, 64, 64)).volume
        field = networks.motion_field(volume, points, points)
    grid = volume_grid(config.volume_depth, config.volume_size, volume.device)[None]
    torch.testing.assert_close(field.flow, grid, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(field.mask.sum(1), torch.ones_like(field.mask[:, 0]))
    assert ((field.occlusion >= 0) & (field.occlusion <= 1)).all()
    if field.surface is not None:
        plane = plane_grid(2 * config.volume_size, volume.device)[None]
        torch.testing.assert_close(field.surface.flow, plane, atol=1e-5, rtol=1e-5)


def test_blending_keeps_a_still_source_as_sharp_as_it_was() -> None:
    config = tiny("lite-256")
    networks = Networks(config).eval()
    assert isinstance(networks.generator, BlendingGenerator)
    points = keypoints(1, config.keypoints)
    with torch.no_grad():
        features = networks.appearance(torch.rand(1, 3, 64, 64))
        field = networks.motion_field(features.volume, points, points)
        blend = networks.generator.blend(features, field)
    torch.testing.assert_close(blend.warped, features.image, atol=1e-4, rtol=1e-4)
    for share in (blend.alpha, blend.still):
        assert share.shape == (1, 1, 64, 64)
        assert 0 <= share.min() < share.max() <= 1
    of_source = 1 - (1 - blend.alpha) * (1 - blend.still)
    assert (blend.picture >= features.image * of_source - 1e-4).all()
    assert (blend.picture <= features.image * of_source + 1 - of_source + 1e-4).all()


def test_still_pixels_are_the_sources_wherever_the_head_moves() -> None:
    config = tiny("lite-256")
    networks = Networks(config).eval()
    generator = networks.generator
    assert isinstance(generator, BlendingGenerator)
    source, driving = keypoints(1, config.keypoints), keypoints(1, config.keypoints)
    with torch.no_grad():
        generator.still.share.get_parameter("bias").fill_(100.0)
        features = networks.appearance(torch.rand(1, 3, 64, 64))
        field = networks.motion_field(features.volume, source, driving)
        blend = generator.blend(features, field)
    assert not torch.allclose(blend.warped, features.image, atol=0.1)
    torch.testing.assert_close(blend.picture, features.image)


@pytest.mark.parametrize("name", ["lite-256", "vox-256"])
def test_canonical_keypoint_is_the_expectation_of_its_heat_map(name: str) -> None:
    """Equal logits everywhere give the middle of the volume."""
    detector = CanonicalDetector(tiny(name)).eval()
    with torch.no_grad():
        for parameter in detector.head.parameters():
            parameter.zero_()
        points = detector(torch.rand(2, 3, 64, 64))
    assert points.shape == (2, 5, 3)
    torch.testing.assert_close(points, torch.zeros_like(points), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "last", "first", "equal"),
    [
        ("lite-256", 97.5, -97.5, 0.0),
        ("paper-256", 97.5, -97.5, 0.0),
        ("vox-256", 96.0, -99.0, -1.5),  # sum(p * i) * 3 - 99, as the public checkpoints read it
    ],
)
def test_angle_is_the_expectation_of_the_bins(
    name: str, last: float, first: float, equal: float
) -> None:
    encoder = Networks(one_look(tiny(name))).motion_encoder.eval()
    with torch.no_grad():
        for head, bias in ((encoder.yaw, 65), (encoder.pitch, 0), (encoder.roll, None)):
            head.weight.zero_()
            head.bias.zero_()
            if bias is not None:
                head.bias[bias] = 100
        motion = encoder(torch.rand(1, 3, 64, 64))
    assert motion.angles[0].tolist() == pytest.approx([last, first, equal], abs=1e-4)


def test_paper_has_two_backbones_and_spectral_norm() -> None:
    with torch.device("meta"):
        paper, vox = Networks(CONFIGS["paper-256"]), Networks(CONFIGS["vox-256"])
    assert paper.motion_encoder.expression_backbone is not None
    assert vox.motion_encoder.expression_backbone is None
    normed = [name for name, _ in paper.named_parameters() if "parametrizations" in name]
    assert {name.split(".")[0] for name in normed} == {"appearance", "motion_field", "generator"}
    assert not [name for name, _ in vox.named_parameters() if "parametrizations" in name]


def test_flow_may_leave_the_rotation_out() -> None:
    """Checkpoints trained without J: every flow is a shift."""
    assert CONFIGS["paper-256"].rotation_in_flow
    assert not CONFIGS["vox-256"].rotation_in_flow
    source, driving = keypoints(1, 4), keypoints(1, 4)
    jacobian, offsets = flow_affine(source, driving, rotation_in_flow=False)
    torch.testing.assert_close(jacobian, torch.eye(3)[None])
    torch.testing.assert_close(offsets, source.points - driving.points)


def test_discriminator_scores_patches_at_each_scale() -> None:
    results = Discriminator(2)(torch.rand(1, 3, 128, 128))
    assert [scores.shape[-1] for scores, _ in results] == [7, 3]
    assert [len(features) for _, features in results] == [4, 4]


def test_residual_code_is_signs_of_the_stated_size() -> None:
    coder = ResidualCoder()
    residual = torch.rand(1, 3, 64, 64) - 0.5
    code = coder.encode(residual)
    assert code.shape == (1, 32, 8, 8)
    assert set(code.flatten().tolist()) <= {-1.0, 1.0}
    correction = coder.decode(code)
    assert correction.shape == residual.shape
    correction.mean().backward()  # type: ignore[no-untyped-call]
    assert coder.encoder[0].weight.grad is not None  # the sign passes gradients on
    assert coder.encoder[0].weight.grad.abs().sum() > 0  # type: ignore[operator]
