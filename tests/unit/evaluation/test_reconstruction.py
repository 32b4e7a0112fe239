"""One clip measured beside its baselines, with a renderer that is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from tiny_models import lively, tiny
from tiny_perception import bright_spot_landmarks, face_points, pixel_identity

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.fid import Inception
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruction import (
    AFFINE,
    APART_MS,
    FROZEN,
    METHODS,
    RENDERING,
    reconstruct,
)
from confapp.evaluation.summary import summarise
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.flow_correction import FlowCorrection
from models.talking_head import SourceAppearance, TalkingHead
from sender.source_watch import SeenFrame

SIDE = 64


def shifted_clip(shifts: Sequence[int]) -> EvaluationClip:
    """A bright face that moves to the right over a black ground."""
    face = np.random.default_rng(0).integers(100, 256, (20, 20, 3)).astype(np.uint8)
    frames = []
    for shift in shifts:
        frame = np.zeros((SIDE, SIDE, 3), np.uint8)
        frame[22:42, 16 + shift : 36 + shift] = face
        frames.append(frame)
    landmarks = np.stack([face_points(26 + shift, 32, 20) for shift in shifts])
    return EvaluationClip("clip", "person", frames, landmarks, np.arange(len(shifts)))


class PerfectHead(TalkingHead):
    """Knows what comes: the last frame given to `encode_motion`."""

    def encode_motion(self, frame: RgbImage, timestamp_ms: int = 0) -> MotionFrame:
        self.seen = frame
        return super().encode_motion(frame, timestamp_ms)

    def render(self, _: SourceAppearance, motion: MotionFrame, *__: object) -> RgbImage:
        assert motion.rotation.dtype == np.float16
        return self.seen


@pytest.fixture
def head() -> TalkingHead:
    return lively(tiny("lite-256"))


@pytest.fixture
def perfect_head(head: TalkingHead) -> TalkingHead:
    head.__class__ = PerfectHead
    return head


def all_metrics() -> PictureMetrics:
    return PictureMetrics(None, bright_spot_landmarks(), pixel_identity())


def test_perfect_renderings_are_perfect_and_a_frozen_face_is_not(perfect_head: TalkingHead) -> None:
    scores = reconstruct(perfect_head, all_metrics(), shifted_clip([0, 2, 6]))
    assert [pair.frame for pair in scores.pairs] == [1, 2]
    assert [pair.moved for pair in scores.pairs] == pytest.approx([8, 24])  # pixels at 256
    for pair in scores.pairs:
        perfect, frozen = pair.scores[RENDERING], pair.scores[FROZEN]
        assert perfect["l1"] == perfect["face_l1"] == perfect["akd"] == 0
        assert perfect["psnr"] == 100
        assert perfect["csim"] == pytest.approx(1)
        assert frozen["l1"] > 0
        assert frozen["face_l1"] > frozen["l1"]
        assert frozen["psnr"] < perfect["psnr"]
    nearer, further = (pair.scores[FROZEN]["akd"] for pair in scores.pairs)
    assert 0 < nearer < further


def test_affine_baseline_undoes_a_shift(perfect_head: TalkingHead) -> None:
    (pair,) = reconstruct(perfect_head, all_metrics(), shifted_clip([0, 6])).pairs
    assert pair.scores[AFFINE]["l1"] == pytest.approx(0, abs=0.1)
    assert pair.scores[FROZEN]["l1"] > 5


def test_fid_tells_perfect_renderings_from_a_frozen_source(perfect_head: TalkingHead) -> None:
    network = HelperNetwork("stand-in", "none", "0" * 64, 0)
    metrics = PictureMetrics(inception=Inception(network, lambda x: x[:, :, ::40, ::40].flatten(1)))
    summary = summarise([reconstruct(perfect_head, metrics, shifted_clip([0, 2, 6, 4]))])
    figures = summary["fid"]
    assert figures["pictures"] == 3
    assert figures[RENDERING] == pytest.approx(0, abs=1e-6)
    assert figures[FROZEN] > 1
    alone = summarise([reconstruct(perfect_head, metrics, shifted_clip([0, 2]))])
    assert alone["fid"] == {"pictures": 1}


def test_same_scores_every_time(head: TalkingHead) -> None:
    clip = shifted_clip([0, 3, 5])
    first = reconstruct(head, all_metrics(), clip)
    again = reconstruct(head, all_metrics(), clip)
    assert first.pairs == again.pairs


def test_calibrated_drivers_are_learned_from_once_measured(
    head: TalkingHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first driver is rendered as it is, and each later one as those before it taught."""
    taught: list[int] = []

    class Teacher:
        frames = 5

        def __init__(self, *_: object) -> None:
            taught.clear()

        def learn(self, frame: SeenFrame) -> bool:
            taught.append(frame.motion.timestamp_ms)
            return True

        def correction(self) -> FlowCorrection:
            coefficients = np.zeros_like(FlowCorrection.nothing().coefficients)
            coefficients[-1] = 0.5 * len(taught)
            return FlowCorrection(coefficients)

    clip = shifted_clip([0, 3, 5])
    plain = reconstruct(head, all_metrics(), clip)
    monkeypatch.setattr("confapp.evaluation.reconstruction.FlowCalibration", Teacher)
    calibrated = reconstruct(head, all_metrics(), clip, calibrate=True)
    assert (plain.frames_learned, calibrated.frames_learned) == (None, 5)
    assert taught == [APART_MS, 2 * APART_MS]
    assert calibrated.pairs[0] == plain.pairs[0]
    assert calibrated.pairs[1] != plain.pairs[1]


def test_without_networks_only_pixel_metrics(head: TalkingHead) -> None:
    metrics = PictureMetrics()
    scores = reconstruct(head, metrics, shifted_clip([0, 3]))
    names = {"l1", "psnr", "ssim", "ms_ssim"}
    for method in METHODS:
        assert set(scores.pairs[0].scores[method]) == names | {f"face_{name}" for name in names}
    assert [reason.split(":")[0] for reason in metrics.left_out] == ["lpips", "akd", "csim"]


def test_samples_are_the_median_and_the_furthest_pair(head: TalkingHead) -> None:
    scores = reconstruct(head, PictureMetrics(), shifted_clip([0, 1, 6, 3]))
    assert sorted(sample.pair.frame for sample in scores.samples) == [2, 3]


def test_every_nth_pair_but_the_expression_of_all(perfect_head: TalkingHead) -> None:
    counted: list[int] = []
    scores = reconstruct(
        perfect_head,
        all_metrics(),
        shifted_clip([0, 1, 2, 3, 4]),
        every=3,
        tracker=bright_spot_landmarks(),
        advance=lambda: counted.append(1),
    )
    assert [pair.frame for pair in scores.pairs] == [1, 4]
    assert scores.expression is not None
    assert scores.expression.frames == len(counted) == 4
    assert scores.smoothness is None  # five frames are no stretch


def test_perfect_renderings_are_as_smooth_as_their_input(perfect_head: TalkingHead) -> None:
    clip = shifted_clip([0, 5, *[0, 1] * 15])
    tracker = bright_spot_landmarks()
    scores = reconstruct(perfect_head, all_metrics(), clip, every=len(clip.frames), tracker=tracker)
    assert scores.smoothness is not None
    assert scores.smoothness.stretch.start == 2
    assert scores.smoothness.driver > 1
    assert scores.smoothness.ratio == 1


def test_smoothness_is_of_clips_at_full_rate(perfect_head: TalkingHead) -> None:
    scores = reconstruct(perfect_head, PictureMetrics(), shifted_clip([0] * 30), every=30)
    assert scores.smoothness is None
