"""A sender that learns how far a head turns, from a camera that is known."""

import dataclasses
from typing import cast

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from confapp.demo import PEOPLE
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.config import CONFIGS
from models.talking_head import SourceAppearance, TalkingHead
from models.turned_motion import turn_between, turned
from sender.source_watch import SeenFrame
from sender.turn_calibration import EASE_MS, MOST_FRAMES, TurnCalibration

KEYPOINTS = 5
CANONICAL = np.random.default_rng(0).uniform(-0.5, 0.5, (KEYPOINTS, 3))
SIDE = 128
MOVES_PX = 40.0  # by a turn of one radian
LACKING = np.array([[0.4, 0.0, 0.0], [0.0, -0.3, 0.1], [0.0, 0.0, 0.2]])
NOTHING = np.zeros((3, 3))
LATER_MS = 10_000


def pose(*angles: float, timestamp_ms: int = 0) -> MotionFrame:
    return MotionFrame.of(angles, [0, 0, 0], np.zeros((KEYPOINTS, 3)), timestamp_ms)


FRONTAL = pose(0, 0, 0)
# Yaws, pitches and rolls of up to 20 degrees.
POSES = [pose(*angles) for angles in np.random.default_rng(2).uniform(-20, 20, (12, 3))]


def texture() -> RgbImage:
    noise = np.random.default_rng(1).normal(0, 1, (SIDE, SIDE, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3, borderType=cv2.BORDER_REFLECT)
    picture: RgbImage = np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)
    return picture


class Poster:
    """In a head's place: a picture on a wall that shifts and rolls as J says."""

    config = dataclasses.replace(CONFIGS["lite-256"], image_size=SIDE)

    def __init__(self, picture: RgbImage) -> None:
        self._picture = picture
        self.rendered = 0

    def render(self, appearance: SourceAppearance, motion: MotionFrame) -> RgbImage:
        self.rendered += 1
        x, y, z = turn_between(appearance.motion, motion)
        move = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), -float(np.degrees(z)), 1)
        move[:, 2] += (-MOVES_PX * y, MOVES_PX * x)
        shown = cv2.warpAffine(self._picture, move, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        return shown.astype(np.uint8, copy=False)


APPEARANCE = SourceAppearance(torch.from_numpy(CANONICAL)[None].float(), FRONTAL, None)  # type: ignore[arg-type]


class Camera:
    """Sees the poster turned by more than the motion says: by `lacking` of the turn."""

    def __init__(self, lacking: NDArray[np.float64], picture: RgbImage) -> None:
        self._lacking = lacking
        self.head = Poster(picture)
        self.calibration = TurnCalibration(cast("TalkingHead", self.head), APPEARANCE)

    def see(self, motion: MotionFrame) -> SeenFrame:
        correction = self._lacking @ turn_between(FRONTAL, motion)
        view = self.head.render(APPEARANCE, turned(motion, CANONICAL, correction))
        return SeenFrame(view, motion)

    def learn(self, poses: list[MotionFrame]) -> list[bool]:
        return [self.calibration.learn(self.see(motion)) for motion in poses]

    def correction(self, motion: MotionFrame) -> NDArray[np.float64]:
        """That is made in the end."""
        self.calibration.corrected(FRONTAL)
        late = dataclasses.replace(motion, timestamp_ms=LATER_MS)
        return turn_between(motion, self.calibration.corrected(late))


def test_it_learns_what_the_turns_lack() -> None:
    camera = Camera(LACKING, texture())
    assert camera.learn(POSES) == [True] * len(POSES)
    assert camera.calibration.frames == len(POSES)
    other = pose(-15, 12, -9)
    wanted = LACKING @ turn_between(FRONTAL, other)
    assert np.linalg.norm(wanted) > 0.08
    assert np.linalg.norm(camera.correction(other) - wanted) < 0.25 * np.linalg.norm(wanted)


def test_a_head_that_turns_as_said_is_left_alone() -> None:
    camera = Camera(NOTHING, texture())
    camera.learn(POSES)
    other = pose(-15, 12, -9)
    assert np.linalg.norm(camera.correction(other)) < 0.02 * np.linalg.norm(
        turn_between(FRONTAL, other)
    )


def test_a_single_frame_is_believed_in_part_only() -> None:
    camera = Camera(LACKING, texture())
    tilted = pose(0, 0, 2.5)
    camera.learn([tilted])
    wanted = LACKING @ turn_between(FRONTAL, tilted)
    share = np.linalg.norm(camera.correction(tilted)) / np.linalg.norm(wanted)
    assert 0.05 < share < 0.9


def test_a_frame_from_the_front_tells_nothing_and_costs_nothing() -> None:
    camera = Camera(LACKING, texture())
    seen = camera.see(pose(1, 1, 0))
    before = camera.head.rendered
    assert not camera.calibration.learn(seen)
    assert camera.head.rendered == before


def test_a_picture_without_detail_tells_nothing_and_spoils_nothing() -> None:
    camera = Camera(LACKING, texture())
    dark = SeenFrame(np.zeros((SIDE, SIDE, 3), np.uint8), POSES[0])
    assert not camera.calibration.learn(dark)
    assert np.array_equal(camera.calibration.corrected(POSES[1]).numbers(), POSES[1].numbers())
    camera.learn(POSES)
    assert np.linalg.norm(camera.correction(POSES[0])) > 0.02


def test_a_known_head_is_learned_no_more() -> None:
    camera = Camera(LACKING, texture())
    assert camera.learn([POSES[0]] * (MOST_FRAMES + 2)) == [True] * MOST_FRAMES + [False] * 2


def test_a_model_whose_flow_does_not_turn_is_left_alone() -> None:
    camera = Camera(LACKING, texture())
    camera.head.config = dataclasses.replace(Poster.config, rotation_in_flow=False)
    still = TurnCalibration(cast("TalkingHead", camera.head), APPEARANCE)
    assert not still.learn(camera.see(POSES[0]))
    assert still.corrected(POSES[0]) is POSES[0]


def test_it_shows_little_by_little_and_goes_where_there_is_no_room() -> None:
    camera = Camera(LACKING, texture())
    camera.calibration.corrected(FRONTAL)
    camera.learn(POSES)
    motion = pose(-15, 12, -9)

    def size(timestamp_ms: int, *, room: bool = True) -> float:
        frame = dataclasses.replace(motion, timestamp_ms=timestamp_ms)
        corrected = camera.calibration.corrected(frame, room=room)
        return float(np.linalg.norm(turn_between(motion, corrected)))

    first, half, whole = size(40), size(round(EASE_MS)), size(LATER_MS)
    assert 0 < first < 0.2 * whole
    assert half / whole == pytest.approx(1 - np.exp(-1), abs=0.05)
    assert whole > size(LATER_MS + 200, room=False) > 0
    assert size(2 * LATER_MS, room=False) == 0
    assert size(3 * LATER_MS) == pytest.approx(whole, abs=1e-3)


def test_the_shipped_model_is_corrected() -> None:
    """The camera is the model itself, which turns a portrait by half as much again in J."""
    head = TalkingHead.open("lite-256")
    ada = FaceFraming(256).frame_photo(load_photo(PEOPLE / "ada.png"))
    appearance = head.encode_source(ada)
    canonical = appearance.canonical[0].numpy()
    calibration = TurnCalibration(head, appearance)
    calibration.corrected(appearance.motion)

    def seen(yaw: float, pitch: float) -> SeenFrame:
        own = appearance.motion
        angles = own.rotation + np.array([yaw, pitch, 0], np.float16)
        motion = dataclasses.replace(own, rotation=angles, timestamp_ms=LATER_MS)
        correction = 0.5 * turn_between(own, motion)
        return SeenFrame(head.render(appearance, turned(motion, canonical, correction)), motion)

    for yaw, pitch in ((14, 0), (-14, 3), (4, 10), (-5, -9)):
        assert calibration.learn(seen(yaw, pitch))
    for yaw, pitch in ((10, 5), (-12, -4)):
        frame = seen(yaw, pitch)
        plain, corrected = (
            np.abs(head.render(appearance, motion).astype(float) - frame.view).mean()
            for motion in (frame.motion, calibration.corrected(frame.motion))
        )
        assert corrected < 0.6 * plain
