"""People and models for sheets, all known beforehand."""

from collections.abc import Callable

import numpy as np
import pytest
from tiny_models import lively, tiny
from tiny_perception import NETWORK, face_points, pixel_identity

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_landmarks import IBUG, MESH_POINTS, FaceLandmarks
from confapp.evaluation.face_region import Points
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.talking_head import SourceAppearance, TalkingHead

SIDE = 64
FRAMES = 5


class KnownHead(TalkingHead):
    """Remembers which picture each motion was taken from."""

    def encode_source(self, photo: RgbImage) -> SourceAppearance:
        appearance = super().encode_source(photo)
        self._remember(appearance.motion, photo)
        return appearance

    def encode_motion(self, frame: RgbImage, timestamp_ms: int = 0) -> MotionFrame:
        motion = super().encode_motion(frame, timestamp_ms)
        self._remember(motion, frame)
        return motion

    def _remember(self, motion: MotionFrame, picture: RgbImage) -> None:
        self.__dict__.setdefault("seen", {})[motion.numbers().tobytes()] = picture

    def picture_of(self, motion: MotionFrame) -> RgbImage:
        """What the motion was taken from."""
        picture: RgbImage = self.__dict__["seen"][motion.numbers().tobytes()]
        return picture


class FrozenHead(KnownHead):
    """Always shows the source as it is."""

    def render(self, appearance: SourceAppearance, *_: object) -> RgbImage:
        return self.picture_of(appearance.motion)


class MimicHead(KnownHead):
    """Always shows the driver, whoever the source is."""

    def render(self, _: SourceAppearance, motion: MotionFrame, *__: object) -> RgbImage:
        return self.picture_of(motion)


@pytest.fixture
def frozen_head() -> TalkingHead:
    head = lively(tiny("lite-256"))
    head.__class__ = FrozenHead
    return head


@pytest.fixture
def mimic_head() -> TalkingHead:
    head = lively(tiny("lite-256"))
    head.__class__ = MimicHead
    return head


def noise_clip(name: str) -> EvaluationClip:
    """A person who is noise of their own, and whose mouth opens as the picture grows brighter."""
    face = np.random.default_rng(sum(name.encode())).integers(0, 2, (SIDE, SIDE, 3))
    frames = [(face * (100 + 30 * index)).astype(np.uint8) for index in range(FRAMES)]
    landmarks = np.stack([face_points() for _ in frames])
    landmarks[:, 66, 1] += np.arange(FRAMES)
    return EvaluationClip(name, f"p-{name}", frames, landmarks, np.arange(FRAMES) * 10)


def brightness_landmarks() -> FaceLandmarks:
    """The face in the middle of its crop, its mouth as open as the crop is bright."""

    def mesh(picture: RgbImage) -> Points:
        points = np.zeros((MESH_POINTS, 3))
        points[list(IBUG), :2] = face_points(128, 128, 160)
        points[IBUG[66], 1] += picture.mean() / 8
        return points

    return FaceLandmarks(NETWORK, mesh)


@pytest.fixture
def all_metrics() -> PictureMetrics:
    return PictureMetrics(None, brightness_landmarks(), pixel_identity())


@pytest.fixture
def perform() -> Callable[[TalkingHead, PictureMetrics], list[Performer]]:
    """Three people for a model."""

    def perform(head: TalkingHead, metrics: PictureMetrics) -> list[Performer]:
        return [Performer.of(noise_clip(name), head, metrics) for name in ("ada", "ben", "cleo")]

    return perform
