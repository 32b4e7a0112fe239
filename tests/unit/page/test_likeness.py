"""How well a photo serves, in words."""

from functools import cache

import numpy as np

from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.page.frontal_turn import frontal_turn
from confapp.page.likeness import FAIR, GOOD, POOR, RENDERINGS, Likeness
from confapp.page.source_guide import Hint
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead

EVERY = 20


@cache
def shipped() -> TalkingHead:
    return TalkingHead.open("lite-256")


@cache
def views(name: str) -> list[RgbImage]:
    framing = FaceFraming(256)
    framed = [framing.frame(frame.rgb).rgb for frame in Clip(PEOPLE / f"{name}.mp4").frames()]
    return [view for view in framed[::EVERY] if view is not None][:RENDERINGS]


def words(photo: RgbImage, driver: str, fault: Hint = Hint.HOLD) -> str:
    head = shipped()
    likeness = Likeness(head, fault, landmarks=True)
    appearance = head.encode_source(photo)
    for view in views(driver):
        motion = head.encode_motion(view)
        likeness.look(motion, head.render(appearance, motion))
    assert likeness.known
    return likeness.words


def photo_of(name: str) -> RgbImage:
    return FaceFraming(256).frame_photo(load_photo(PEOPLE / f"{name}.png"))


def test_ones_own_good_photo_is_good() -> None:
    assert words(photo_of("ben"), "ben") == GOOD


def test_the_photos_own_fault_is_said_too() -> None:
    said = words(photo_of("ben"), "ben", Hint.TOO_DARK)
    assert said.startswith(GOOD)
    assert "dark" in said


def test_what_is_no_face_is_poor() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    assert words(noise, "ben") == POOR


def test_nothing_is_said_too_soon() -> None:
    likeness = Likeness(shipped(), Hint.HOLD, landmarks=True)
    assert likeness.words == ""
    assert {GOOD, FAIR, POOR}.isdisjoint({likeness.words})


def test_face_me_turns_a_rendering_to_the_front() -> None:
    """Two turns after each other: what the first one shows is turned back by the second."""
    head = shipped()
    appearance = head.encode_source(photo_of("ben"))
    motion = head.encode_motion(views("ben")[0])
    offset = PoseOffset(25, -8, 5, 0.1, -0.1)
    turned = head.render(appearance, motion, offset)
    found = frontal_turn(head, turned, offset)
    back = head.encode_motion(head.render(appearance, motion, found)).rotation
    assert np.abs(head.encode_motion(turned).rotation.astype(float)).max() > 10
    assert np.abs(back.astype(float)).max() < 5
    assert (found.x, found.y) == (0.1, -0.1)


def test_face_me_stays_within_the_sliders() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    found = frontal_turn(shipped(), noise, PoseOffset(45, 45, 45))
    assert max(abs(found.yaw), abs(found.pitch), abs(found.roll)) <= 45
