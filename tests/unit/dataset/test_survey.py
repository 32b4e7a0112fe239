"""What is seen in a frame, and where shots begin."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_videos import FPS, SIDE, beside, blurred, in_room, person, scaled, write_video

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.face_sharpness import (
    face_sharpness,
    least_sharpness,
    least_source_size,
)
from confapp.dataset.frame_novelty import FrameNovelty
from confapp.dataset.shot_boundary import ShotBoundary
from confapp.dataset.survey import Look, StoppedError, paced, survey
from confapp.media.clip import Clip
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.video_frame import RgbImage


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


def looks(
    path: Path, frames: Sequence[RgbImage], detector: FaceDetector, view_side: int = SIDE
) -> list[Look]:
    return survey(Clip(write_video(path, frames)), detector, fps=FPS, view_side=view_side)


def faults(found: list[Look]) -> set[DropReason | None]:
    return {one.fault for one in found}


def test_every_frame_at_the_rate_asked_for(tmp_path: Path, detector: FaceDetector) -> None:
    frames = person("ada")[:12]
    path = write_video(tmp_path / "ada.mp4", frames)
    seen = survey(Clip(path), detector, fps=FPS, view_side=SIDE)
    assert [one.index for one in seen] == list(range(12))
    half = survey(Clip(path), detector, fps=FPS / 2, view_side=SIDE)
    assert [one.index for one in half] == list(range(0, 12, 2))
    assert [one.time_ms for one in half] == [round(1000 * i / FPS) for i in range(0, 12, 2)]


@pytest.mark.parametrize("fps", [1.0, 2.5, 4.0, 100.0])
def test_never_more_than_the_rate(tmp_path: Path, fps: float) -> None:
    """In the long run; two looks can be nearer than 1/fps where the frames lie so."""
    clip = Clip(write_video(tmp_path / "ada.mp4", person("ada")[:30]))
    count = len(list(paced(clip.pictures(), fps)))
    assert count == min(30, math.ceil(fps * 30 / FPS))


def test_a_face_is_found(tmp_path: Path, detector: FaceDetector) -> None:
    seen = looks(tmp_path / "a.mp4", person("ada")[:4], detector)
    assert faults(seen) == {None}
    assert all(one.face is not None and one.size == (SIDE, SIDE) for one in seen)


def test_two_faces_are_a_crowd(tmp_path: Path, detector: FaceDetector) -> None:
    pairs = [beside(*two) for two in zip(person("ada")[:4], person("ben")[:4], strict=True)]
    assert faults(looks(tmp_path / "two.mp4", pairs, detector)) == {DropReason.CROWD}


def test_a_far_second_face_is_none(tmp_path: Path, detector: FaceDetector) -> None:
    frames = []
    for ada, ben in zip(person("ada")[:4], person("ben")[:4], strict=True):
        frame = in_room(ada, 0, width=400)
        frame[:80, 300:380] = scaled(ben, 80)
        frames.append(frame)
    assert faults(looks(tmp_path / "far.mp4", frames, detector)) == {None}


def test_blur(tmp_path: Path, detector: FaceDetector) -> None:
    frames = [blurred(frame, 5) for frame in person("ada")[:4]]
    assert faults(looks(tmp_path / "blur.mp4", frames, detector)) == {DropReason.BLUR}


def test_a_face_of_too_few_pixels(tmp_path: Path, detector: FaceDetector) -> None:
    frames = [in_room(scaled(frame, 80), 40, 160) for frame in person("ada")[:4]]
    assert faults(looks(tmp_path / "small.mp4", frames, detector)) == {DropReason.SMALL_FACE}
    large = looks(
        tmp_path / "large.mp4", [scaled(f, 160) for f in person("ada")[:4]], detector, 512
    )
    assert faults(large) == {DropReason.SMALL_FACE}


def test_no_face(tmp_path: Path, detector: FaceDetector) -> None:
    walls = [np.full((SIDE, SIDE, 3), 90, np.uint8)] * 3
    assert faults(looks(tmp_path / "wall.mp4", walls, detector)) == {DropReason.NO_FACE}


def test_a_cut_is_seen_once(tmp_path: Path, detector: FaceDetector) -> None:
    frames = [*person("ada")[:10], *person("ben")[:10]]
    seen = looks(tmp_path / "cut.mp4", frames, detector)
    assert [one.index for one in seen if one.cut] == [10]


def test_it_can_be_stopped(tmp_path: Path, detector: FaceDetector) -> None:
    clip = Clip(write_video(tmp_path / "a.mp4", person("ada")[:3]))
    with pytest.raises(StoppedError):
        survey(clip, detector, fps=FPS, view_side=SIDE, stopped=lambda: True)


@pytest.mark.parametrize("name", ["ada", "ben"])
def test_people_who_talk_do_not_cut(name: str) -> None:
    shots = ShotBoundary()
    assert not any(shots.is_cut(frame) for frame in person(name))


def test_another_picture_size_is_a_cut() -> None:
    shots = ShotBoundary()
    frame = person("ada")[0]
    assert [shots.is_cut(one) for one in (frame, frame, scaled(frame, 200))] == [False, False, True]


def test_a_shaky_picture_does_not_cut_but_another_one_does() -> None:
    """Shifted by a tenth of its width each time, a picture differs by 20 levels and more."""
    random = np.random.default_rng(0)
    shots = ShotBoundary()
    frame = person("ada")[0]
    shaken = [np.roll(frame, int(random.integers(-12, 12)), axis=1) for _ in range(12)]
    assert not any(shots.is_cut(one) for one in shaken)
    assert shots.is_cut(255 - frame)


def test_sharpness_falls_with_blur(detector: FaceDetector) -> None:
    frame = person("ada")[0]
    (box,) = detector.detect(frame)
    sharp = [face_sharpness(blurred(frame, s), box, SIDE) for s in (0.5, 1.0, 2.0, 4.0)]
    assert sharp == sorted(sharp, reverse=True)
    assert sharp[0] > 2 * least_sharpness(SIDE)
    assert sharp[-1] < least_sharpness(SIDE)


def test_sharpness_of_a_flat_face_is_zero() -> None:
    flat = np.full((100, 100, 3), 90, np.uint8)
    assert face_sharpness(flat, FaceBox(-20, -20, 100, 0.9), SIDE) == 0


def test_half_the_resolution_is_the_least() -> None:
    assert least_source_size(256) == pytest.approx(59.9, abs=0.1)
    assert least_source_size(512) == 2 * least_source_size(256)


def test_what_differs_is_new() -> None:
    novelty = FrameNovelty()
    first, *others = person("ada")
    assert novelty.differs(first)
    novelty.keep(first)
    assert not novelty.differs(first)
    noise = np.random.default_rng(0).normal(0, 4, first.shape)
    assert not novelty.differs(np.clip(first + noise, 0, 255).astype(np.uint8))
    assert any(novelty.differs(one) for one in others)


def test_an_opened_mouth_is_new() -> None:
    face = person("ada")[0]
    mouth = face.copy()
    mouth[176:192, 104:144] = 255 - mouth[176:192, 104:144] // 2
    novelty = FrameNovelty()
    novelty.keep(face)
    assert novelty.differs(mouth)
