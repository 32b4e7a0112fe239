"""A sender that learns where pictures show things, from a camera that is known."""

import dataclasses
from typing import cast

import cv2
import numpy as np

from confapp.demo import PEOPLE
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.flow_correction import FEATURES, GRID, FlowCorrection, departure
from models.talking_head import SourceAppearance, TalkingHead
from sender.flow_calibration import LEAST_LESSONS, LEAST_NEWS, FlowCalibration
from sender.source_watch import SeenFrame

SIDE = 192
REST = MotionFrame.of([0, 0, 0], [0, 0, 0], np.zeros((5, 3)), 0)
POSES = [
    MotionFrame.of([*angles], [0, 0, 0], np.zeros((5, 3)), 0)
    for angles in np.random.default_rng(2).uniform(-20, 20, (24, 3))
]
OTHER = MotionFrame.of([-15, 12, -9], [0, 0, 0], np.zeros((5, 3)), 0)
APPEARANCE = SourceAppearance(cast("object", None), REST, cast("object", None))  # type: ignore[arg-type]


def picture() -> RgbImage:
    noise = np.random.default_rng(1).normal(0, 1, (SIDE, SIDE, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    shown: RgbImage = np.clip(128 + 40 * blurred / blurred.std(), 0, 255).astype(np.uint8)
    return shown


class Poster:
    """In a head's place: shows the same picture whatever the motion."""

    def __init__(self, picture: RgbImage) -> None:
        self._picture = picture
        self.rendered = 0

    def render(self, _: SourceAppearance, __: MotionFrame) -> RgbImage:
        self.rendered += 1
        return self._picture


def smooth_errors() -> FlowCorrection:
    """Up to some pixels at a turn of 20 degrees, another way in every part."""
    drawn = np.random.default_rng(3).normal(0, 1, (FEATURES, 2, GRID, GRID))
    drawn[3:5] = 0  # nothing of a shift, which no pose here has
    for plane in drawn.reshape(-1, GRID, GRID):
        plane[:] = cv2.GaussianBlur(plane, (0, 0), 2)
    return FlowCorrection(drawn * 0.05 / drawn.std())


class Camera:
    """Sees the poster's things where they belong."""

    def __init__(self, errors: FlowCorrection, shown: RgbImage) -> None:
        self.head = Poster(shown)
        self._errors = errors
        self._shown = shown
        self.calibration = FlowCalibration(cast("TalkingHead", self.head), APPEARANCE)

    def see(self, motion: MotionFrame) -> SeenFrame:
        return SeenFrame(self._errors.corrected(self._shown, departure(REST, motion)), motion)

    def learn(self, poses: list[MotionFrame]) -> list[bool]:
        return [self.calibration.learn(self.see(motion)) for motion in poses]


def pixels_off(one: FlowCorrection, other: FlowCorrection, motion: MotionFrame) -> float:
    """Mean distance of their ways, away from the border, where there is nothing to find."""
    at = departure(REST, motion)
    off = (one.ways(at) - other.ways(at))[1:-1, 1:-1] * SIDE / 2
    return float(np.linalg.norm(off, axis=-1).mean())


def test_errors_of_a_pose_that_was_not_seen_are_found() -> None:
    errors = smooth_errors()
    camera = Camera(errors, picture())
    assert camera.learn(POSES).count(True) > 10
    before = pixels_off(FlowCorrection.nothing(), errors, OTHER)
    after = pixels_off(camera.calibration.correction(), errors, OTHER)
    assert before > 1
    assert after < 0.35 * before


def test_one_frame_tells_a_part_of_it() -> None:
    errors = smooth_errors()
    camera = Camera(errors, picture())
    camera.learn([OTHER])
    one = pixels_off(camera.calibration.correction(), errors, OTHER)
    assert one < 0.5 * pixels_off(FlowCorrection.nothing(), errors, OTHER)
    assert camera.calibration.frames == 1


def test_pictures_that_are_right_stay_as_they_are() -> None:
    camera = Camera(FlowCorrection.nothing(), picture())
    camera.learn(POSES)
    assert pixels_off(camera.calibration.correction(), FlowCorrection.nothing(), OTHER) < 0.1


def test_a_pose_that_is_known_is_not_rendered_again() -> None:
    camera = Camera(smooth_errors(), picture())
    told = camera.learn([OTHER] * 200)
    assert told == sorted(told, reverse=True)
    assert told.count(True) == camera.calibration.frames == camera.head.rendered
    assert 10 < told.count(True) <= 1.5 / LEAST_NEWS
    assert camera.calibration.learn(camera.see(POSES[0]))


def test_a_hand_before_the_face_spoils_little() -> None:
    errors = smooth_errors()
    camera = Camera(errors, picture())
    camera.learn(POSES[:16])
    covered = np.random.default_rng(9).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for motion in POSES[16:19]:
        camera.calibration.learn(SeenFrame(covered, motion))
    after = pixels_off(camera.calibration.correction(), errors, OTHER)
    assert after < 0.5 * pixels_off(FlowCorrection.nothing(), errors, OTHER)


def test_where_little_is_found_nothing_is_learned_and_the_pose_stays_unknown() -> None:
    camera = Camera(smooth_errors(), picture())
    covered = np.random.default_rng(9).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for _ in range(40):
        assert not camera.calibration.learn(SeenFrame(covered, OTHER))
    assert camera.calibration.frames == 0
    assert camera.calibration.learn(camera.see(OTHER))


def test_it_is_told_where_it_shows() -> None:
    """Not again of a pose that stays as it is, and again of one that is new, however late."""
    errors = smooth_errors()
    camera = Camera(errors, picture())
    told = [code for motion in POSES for code in tell(camera, motion)]
    assert 2 <= len(told) <= len(POSES) / LEAST_LESSONS
    before = pixels_off(FlowCorrection.nothing(), errors, OTHER)
    offs = [pixels_off(FlowCorrection.from_bytes(code), errors, OTHER) for code in told]
    assert offs[-1] < offs[0] < before

    camera = Camera(errors, picture())
    assert len([code for _ in range(100) for code in tell(camera, POSES[0])]) <= 4
    away = [code for _ in range(LEAST_LESSONS) for code in tell(camera, OTHER)]
    assert pixels_off(FlowCorrection.from_bytes(away[-1]), errors, OTHER) < 0.5 * before


def tell(camera: Camera, motion: MotionFrame) -> list[bytes]:
    camera.calibration.learn(camera.see(motion))
    code = camera.calibration.tell()
    return [] if code is None else [code]


def test_pictures_that_are_right_are_not_told_of() -> None:
    camera = Camera(FlowCorrection.nothing(), picture())
    assert [code for motion in POSES for code in tell(camera, motion)] == []


def test_before_anything_is_seen_nothing_is_corrected() -> None:
    camera = Camera(smooth_errors(), picture())
    assert not camera.calibration.correction().coefficients.any()


def test_the_shipped_model_is_corrected() -> None:
    """The camera is the model itself: a portrait that turns by a fifth more than is said."""
    head = TalkingHead.open("lite-256")
    ada = FaceFraming(256).frame_photo(load_photo(PEOPLE / "ada.png"))
    appearance = head.encode_source(ada)
    own = appearance.motion
    calibration = FlowCalibration(head, appearance)

    def turned(yaw: float, pitch: float) -> MotionFrame:
        angles = own.rotation + np.array([yaw, pitch, 0], np.float16)
        return dataclasses.replace(own, rotation=angles)

    def seen(yaw: float, pitch: float) -> SeenFrame:
        view = head.render(appearance, turned(1.2 * yaw, 1.2 * pitch))
        return SeenFrame(view, turned(yaw, pitch))

    for yaw, pitch in ((14, 0), (-14, 3), (4, 10), (-5, -9)):
        assert calibration.learn(seen(yaw, pitch))
    correction = FlowCorrection.from_bytes(calibration.correction().to_bytes())
    for yaw, pitch in ((10, 5), (-12, -4)):
        frame = seen(yaw, pitch)
        plain = head.render(appearance, frame.motion)
        corrected = correction.corrected(plain, departure(own, frame.motion))
        off = [np.abs(shown.astype(float) - frame.view).mean() for shown in (plain, corrected)]
        assert off[1] < 0.6 * off[0]
