"""What a caller of the one face of `models` relies on."""

import dataclasses

import numpy as np
import pytest
from tiny_models import tiny

from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.checkpoints.checkpoint import CheckpointError
from models.config import CONFIGS, ModelConfig
from models.networks import Networks
from models.talking_head import Picture, TalkingHead


def picture(seed: int, size: int = 64) -> Picture:
    """Smooth colours: a picture that differs everywhere and survives resampling."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return coarse.repeat(size // 8, 0).repeat(size // 8, 1)


def still(keypoints: int) -> MotionFrame:
    return MotionFrame.of([0, 0, 0], [0, 0, 0], np.zeros((keypoints, 3)), 0)


def test_shapes_and_types(head: TalkingHead) -> None:
    appearance = head.encode_source(picture(0))
    motion = head.encode_motion(picture(1), timestamp_ms=40)
    rendering = head.render(appearance, motion)
    assert rendering.shape == (64, 64, 3)
    assert rendering.dtype == np.uint8
    assert motion.keypoints == head.config.keypoints
    assert motion.timestamp_ms == 40
    assert appearance.motion.keypoints == head.config.keypoints


def test_the_same_frame_renders_to_the_same_bytes(head: TalkingHead) -> None:
    appearance, motion = head.encode_source(picture(0)), head.encode_motion(picture(1))
    first = head.render(appearance, motion)
    again = head.render(head.encode_source(picture(0)), head.encode_motion(picture(1)))
    assert np.array_equal(first, again)


def test_source_and_motion_both_matter(head: TalkingHead) -> None:
    motion = head.encode_motion(picture(1))
    one, other = head.encode_source(picture(0)), head.encode_source(picture(2))
    assert not np.array_equal(head.render(one, motion), head.render(other, motion))
    assert not np.array_equal(
        head.render(one, motion), head.render(one, head.encode_motion(picture(3)))
    )


def test_deformations_that_were_not_sent_are_zero(head: TalkingHead) -> None:
    appearance, motion = head.encode_source(picture(0)), head.encode_motion(picture(1))
    prefix = dataclasses.replace(motion, deformations=motion.deformations[:2])
    zeroed = motion.deformations.copy()
    zeroed[2:] = 0
    padded = dataclasses.replace(motion, deformations=zeroed)
    assert np.array_equal(head.render(appearance, prefix), head.render(appearance, padded))
    assert not np.array_equal(head.render(appearance, prefix), head.render(appearance, motion))


def test_offset_turns_the_driving_head(head: TalkingHead) -> None:
    """An offset on a straight head equals a head that was turned so itself."""
    appearance = head.encode_source(picture(0))
    straight = still(head.config.keypoints)
    turned = dataclasses.replace(straight, rotation=np.array([15, -5, 10], dtype=np.float16))
    moved = dataclasses.replace(turned, translation=np.array([0.25, -0.125, 0], dtype=np.float16))
    offset = PoseOffset(yaw=15, pitch=-5, roll=10, x=0.25, y=-0.125)
    assert np.array_equal(head.render(appearance, straight, offset), head.render(appearance, moved))
    assert not np.array_equal(
        head.render(appearance, straight, offset), head.render(appearance, straight)
    )


def test_wrong_pictures_are_refused(head: TalkingHead) -> None:
    with pytest.raises(ValueError, match="64x64 RGB uint8"):
        head.encode_source(picture(0, size=128))
    with pytest.raises(ValueError, match="64x64 RGB uint8"):
        head.encode_motion(picture(0).astype(np.float32))


def test_more_keypoints_than_the_model_has_are_refused(head: TalkingHead) -> None:
    appearance = head.encode_source(picture(0))
    with pytest.raises(ValueError, match="6 keypoints, the model 5"):
        head.render(appearance, still(6))


def test_untrained_is_never_silent() -> None:
    with pytest.raises(CheckpointError, match="no trained weights for vox-256") as refusal:
        TalkingHead.open("vox-256")
    assert refusal.value.error_id == "weights-missing"
    assert "--untrained" in refusal.value.message


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(CheckpointError) as refusal:
        TalkingHead.open("huge-1024", untrained=True)
    assert ", ".join(CONFIGS) in refusal.value.message


@pytest.fixture
def tiny_models(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lite-256", "paper-256"):
        monkeypatch.setitem(CONFIGS, name, tiny(name))


@pytest.mark.usefixtures("tiny_models")
def test_untrained_models_agree_on_their_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the processor rounds otherwise and the weights differ in their last bits."""
    one = TalkingHead.untrained("paper-256")

    def rounded_otherwise(config: ModelConfig) -> Networks:
        networks = Networks(config)
        for tensor in networks.state_dict().values():
            if tensor.is_floating_point():
                tensor.mul_(1 + 1e-6)
        return networks

    monkeypatch.setattr("models.talking_head.Networks", rounded_otherwise)
    other = TalkingHead.untrained("paper-256")
    assert one.fingerprint == other.fingerprint
    assert not one.trained


@pytest.mark.usefixtures("tiny_models")
def test_fingerprints_of_untrained_models_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [TalkingHead.untrained(name).fingerprint for name in ("lite-256", "paper-256")]
    monkeypatch.setattr("models.talking_head.UNTRAINED_SEED", 1)
    names.append(TalkingHead.untrained("lite-256").fingerprint)
    assert len(set(names)) == 3
    assert all(name.startswith("untrained-") and len(name) == 16 for name in names)


@pytest.mark.usefixtures("tiny_models")
def test_untrained_models_have_the_same_weights() -> None:
    one, other = TalkingHead.untrained("lite-256"), TalkingHead.untrained("lite-256")
    motions = [head.encode_motion(picture(1)) for head in (one, other)]
    assert np.array_equal(motions[0].deformations, motions[1].deformations)
    assert motions[0].deformations.any()
