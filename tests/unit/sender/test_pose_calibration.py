"""A sender that learns how a head moves, from a camera that is known."""

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
from models.head_rotation import matrix_of, turn_between
from models.moved_head import moved_head
from models.talking_head import SourceAppearance, TalkingHead
from sender.pose_calibration import (
    CONSTANT,
    EASE_MS,
    MOST_FRAMES,
    MOST_PROBES,
    PROBES,
    PoseCalibration,
)
from sender.source_watch import SeenFrame

Numbers = NDArray[np.float64]

KEYPOINTS = 5
CANONICAL = np.random.default_rng(0).uniform(-0.5, 0.5, (KEYPOINTS, 3))
SIDE = 128
DEPTH = 0.6  # half images that the middle of the poster moves, by a turn of one radian
RIGHT = np.zeros((6, 4))
WRONG = np.zeros((6, 4))
WRONG[:3, :3] = [[0.4, 0, 0], [0, -0.3, 0.1], [0, 0, 0.2]]
WRONG[3:5, 3] = 0.2, -0.15
WRONG[5, 0] = 0.2
LATER_MS = 10_000


def pose(*angles: float, timestamp_ms: int = 0) -> MotionFrame:
    return MotionFrame.of(angles, [0, 0, 0], np.zeros((KEYPOINTS, 3)), timestamp_ms)


FRONTAL, OTHER = pose(0, 0, 0), pose(-15, 12, -9)
# Yaws, pitches and rolls of up to 20 degrees.
POSES = [pose(*angles) for angles in np.random.default_rng(2).uniform(-20, 20, (16, 3))]


def keypoints(motion: MotionFrame) -> Numbers:
    """Eq. 1 and 2."""
    return CANONICAL @ matrix_of(motion.rotation).T + motion.translation + motion.deformations


def distance(one: MotionFrame, other: MotionFrame) -> Numbers:
    """Of head poses in radians, and the mean one of keypoints in half images."""
    apart = np.linalg.norm(keypoints(one) - keypoints(other), axis=1).mean()
    return np.array([np.linalg.norm(turn_between(one.rotation, other.rotation)), apart])


def texture() -> RgbImage:
    noise = np.random.default_rng(1).normal(0, 1, (SIDE, SIDE, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    picture: RgbImage = np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)
    return picture


class Poster:
    """In a head's place: a bulging picture that turns as J says, where the keypoints are."""

    config = dataclasses.replace(CONFIGS["lite-256"], image_size=SIDE)

    def __init__(self, picture: RgbImage) -> None:
        self._picture = picture
        self.rendered = 0

    def render(self, _: SourceAppearance, motion: MotionFrame) -> RgbImage:
        self.rendered += 1
        x, y, z = turn_between(FRONTAL.rotation, motion.rotation)
        placed = keypoints(motion)
        placed_right = CANONICAL @ matrix_of(motion.rotation).T
        shift = (placed.mean(0) - placed_right.mean(0))[:2]
        growth = np.linalg.norm(placed - placed.mean(0)) / np.linalg.norm(
            placed_right - placed_right.mean(0)
        )
        line = (np.arange(SIDE) * 2 + 1) / SIDE - 1
        place = (np.stack(np.meshgrid(line, line), axis=-1) - shift) / growth
        place = place @ np.array([[np.cos(z), -np.sin(z)], [np.sin(z), np.cos(z)]])
        bulge = np.exp(-4 * np.square(place).sum(-1, keepdims=True)) - 0.3
        pixels = ((place - DEPTH * bulge * np.array([-y, x]) + 1) * SIDE - 1) / 2
        shown = cv2.remap(
            self._picture,
            pixels.astype(np.float32),
            None,  # type: ignore[call-overload]
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        picture: RgbImage = shown.astype(np.uint8, copy=False)
        return picture


APPEARANCE = SourceAppearance(torch.from_numpy(CANONICAL)[None].float(), FRONTAL, None)  # type: ignore[arg-type]


class Camera:
    """Sees the poster moved otherwise than its motion says."""

    def __init__(self, wrong: Numbers, picture: RgbImage) -> None:
        self._wrong = wrong
        self.head = Poster(picture)
        self.calibration = PoseCalibration(cast("TalkingHead", self.head), APPEARANCE)

    def true(self, motion: MotionFrame) -> MotionFrame:
        """What the motion should say."""
        turn = np.append(turn_between(FRONTAL.rotation, motion.rotation), CONSTANT)
        return moved_head(motion, CANONICAL, self._wrong @ turn)

    def see(self, motion: MotionFrame) -> SeenFrame:
        return SeenFrame(self.head.render(APPEARANCE, self.true(motion)), motion)

    def learn(self, poses: list[MotionFrame]) -> list[bool]:
        return [self.calibration.learn(self.see(motion)) for motion in poses]

    def corrected(self, motion: MotionFrame) -> MotionFrame:
        """In the end."""
        self.calibration.corrected(FRONTAL)
        return self.calibration.corrected(dataclasses.replace(motion, timestamp_ms=LATER_MS))


def test_it_learns_how_the_head_moves() -> None:
    camera = Camera(WRONG, texture())
    assert camera.learn(POSES) == [True] * len(POSES)
    assert camera.calibration.frames == len(POSES)
    before = distance(OTHER, camera.true(OTHER))
    assert (before > [0.08, 0.02]).all()
    assert (distance(camera.corrected(OTHER), camera.true(OTHER)) < 0.35 * before).all()


def test_a_head_that_moves_as_said_is_left_alone() -> None:
    camera = Camera(RIGHT, texture())
    camera.learn(POSES)
    assert (distance(camera.corrected(OTHER), OTHER) < [0.01, 0.003]).all()


def test_a_turn_far_beyond_those_seen_is_corrected_by_little() -> None:
    camera = Camera(WRONG, texture())
    camera.learn(POSES)
    far = pose(80, 40, -60)
    turned, apart = distance(camera.corrected(far), far)
    assert turned <= np.linalg.norm(MOST_PROBES * PROBES[:3]) + 0.01
    assert apart < 0.15


def test_a_clock_that_goes_back_does_no_harm() -> None:
    camera = Camera(WRONG, texture())
    camera.learn(POSES)
    camera.corrected(OTHER)
    late = camera.calibration.corrected(dataclasses.replace(OTHER, timestamp_ms=LATER_MS))
    back = camera.calibration.corrected(OTHER)
    assert np.array_equal(back.numbers(), late.numbers())


def test_a_hand_before_the_face_does_little() -> None:
    """What it hides is not found, and what is found elsewhere is of no pose."""
    camera = Camera(RIGHT, texture())
    hand = texture()[::-1, ::-1]
    for motion in POSES[:4]:
        seen = camera.see(motion)
        seen.view[30:100, 20:90] = hand[30:100, 20:90]
        assert camera.calibration.learn(seen)
    assert (distance(camera.corrected(OTHER), OTHER) < [0.03, 0.01]).all()


def test_a_frame_from_the_front_tells_nothing_and_costs_nothing() -> None:
    camera = Camera(WRONG, texture())
    seen = camera.see(pose(1, 1, 0))
    before = camera.head.rendered
    assert not camera.calibration.learn(seen)
    assert camera.head.rendered == before


def test_a_picture_without_detail_tells_nothing_and_spoils_nothing() -> None:
    camera = Camera(WRONG, texture())
    dark = SeenFrame(np.zeros((SIDE, SIDE, 3), np.uint8), POSES[0])
    assert not camera.calibration.learn(dark)
    assert np.array_equal(camera.calibration.corrected(POSES[1]).numbers(), POSES[1].numbers())
    camera.learn(POSES)
    assert distance(camera.corrected(OTHER), OTHER)[0] > 0.05


def test_a_known_head_is_learned_no_more() -> None:
    camera = Camera(WRONG, texture())
    assert camera.learn([POSES[0]] * (MOST_FRAMES + 2)) == [True] * MOST_FRAMES + [False] * 2


def test_a_model_whose_flow_does_not_turn_is_left_alone() -> None:
    camera = Camera(WRONG, texture())
    camera.head.config = dataclasses.replace(Poster.config, rotation_in_flow=False)
    still = PoseCalibration(cast("TalkingHead", camera.head), APPEARANCE)
    assert not still.learn(camera.see(POSES[0]))
    assert still.corrected(POSES[0]) is POSES[0]


def test_it_shows_little_by_little_and_goes_where_there_is_no_room() -> None:
    camera = Camera(WRONG, texture())
    camera.calibration.corrected(FRONTAL)
    camera.learn(POSES)

    def size(timestamp_ms: int, *, room: bool = True) -> float:
        frame = dataclasses.replace(OTHER, timestamp_ms=timestamp_ms)
        corrected = camera.calibration.corrected(frame, room=room)
        return float(np.linalg.norm(turn_between(OTHER.rotation, corrected.rotation)))

    first, half, whole = size(40), size(round(EASE_MS)), size(LATER_MS)
    assert 0 < first < 0.2 * whole
    assert half / whole == pytest.approx(1 - np.exp(-1), abs=0.05)
    assert whole > size(LATER_MS + 200, room=False) > 0
    assert size(2 * LATER_MS, room=False) == 0
    assert size(3 * LATER_MS) == pytest.approx(whole, abs=1e-3)


def test_the_shipped_model_is_corrected() -> None:
    """The camera is the model itself: a portrait turned by half as much again, and to the right."""
    head = TalkingHead.open("lite-256")
    ada = FaceFraming(256).frame_photo(load_photo(PEOPLE / "ada.png"))
    appearance = head.encode_source(ada)
    canonical = appearance.canonical[0].numpy()
    calibration = PoseCalibration(head, appearance)
    calibration.corrected(appearance.motion)

    def seen(yaw: float, pitch: float) -> SeenFrame:
        own = appearance.motion
        angles = own.rotation + np.array([yaw, pitch, 0], np.float16)
        motion = dataclasses.replace(own, rotation=angles, timestamp_ms=LATER_MS)
        move = [*(0.5 * turn_between(own.rotation, motion.rotation)), 0.02, 0, 0]
        return SeenFrame(head.render(appearance, moved_head(motion, canonical, move)), motion)

    for yaw, pitch in ((14, 0), (-14, 3), (4, 10), (-5, -9)):
        assert calibration.learn(seen(yaw, pitch))
    for yaw, pitch in ((10, 5), (-12, -4)):
        frame = seen(yaw, pitch)
        plain, corrected = (
            np.abs(head.render(appearance, motion).astype(float) - frame.view).mean()
            for motion in (frame.motion, calibration.corrected(frame.motion))
        )
        assert corrected < 0.6 * plain
