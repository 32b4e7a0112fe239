"""What is measured of the demo's people, by the shipped model."""

from functools import cache

import cv2
import numpy as np
import pytest

from confapp.demo import PEOPLE
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.video_frame import RgbImage
from confapp.page.face_measure import FaceMeasure
from confapp.page.source_guide import Hint, SourceGuide
from models.talking_head import TalkingHead

BEN = load_photo(PEOPLE / "ben.png")  # at rest, from the front
ADA = load_photo(PEOPLE / "ada.png")  # smiles, lips apart


@cache
def shipped() -> TalkingHead:
    return TalkingHead.open("lite-256")


def measure(photo: RgbImage) -> FaceMeasure:
    view = FaceFraming(256).frame(photo)
    assert view.rgb is not None
    return FaceMeasure.of(photo, view, shipped().encode_motion(view.rgb), landmarks=True)


def hint(photo: RgbImage) -> Hint:
    return SourceGuide(256).look(measure(photo), 0.0).hint


def wide(photo: RgbImage, level: int = 128) -> RgbImage:
    """The photo in the middle of a picture of 4:3, as cameras give it."""
    side = photo.shape[0]
    return np.pad(photo, ((0, 0), (side // 6, side // 6), (0, 0)), constant_values=level)


def test_a_neutral_face_from_the_front_is_taken() -> None:
    face = measure(BEN)
    assert abs(face.yaw) < 5
    assert face.mouth is not None
    assert abs(face.mouth) < 0.03
    assert hint(BEN) is Hint.HOLD


def test_parted_lips_are_seen() -> None:
    face = measure(ADA)
    assert face.mouth is not None
    assert face.mouth > 0.06
    assert hint(ADA) is Hint.MOUTH


def test_a_dark_a_bright_and_a_blurred_picture() -> None:
    assert hint(BEN // 6) is Hint.TOO_DARK
    assert hint(255 - (255 - BEN) // 5) is Hint.TOO_BRIGHT
    sigma = BEN.shape[0] / 256 * 4
    assert hint(cv2.GaussianBlur(BEN, (0, 0), sigma).astype(np.uint8)) is Hint.BLURRED


def test_light_from_one_side() -> None:
    across = np.linspace(-1, 1, BEN.shape[1])[None, :, None]
    lit = (BEN * (0.7 + 0.3 * np.tanh(5 * across))).astype(np.uint8)  # 0.4 to 1 at the nose
    assert measure(lit).shade < 0.55 < measure(BEN).shade
    assert hint(lit) is Hint.SIDE_LIGHT


def test_a_tilted_head() -> None:
    side = BEN.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -18, 1.0)  # clockwise
    tilted = cv2.warpAffine(BEN, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    face = measure(tilted.astype(np.uint8))
    assert face.roll == pytest.approx(18, abs=7)
    assert hint(tilted.astype(np.uint8)) is Hint.STRAIGHT


def test_a_head_at_the_edge_is_not_whole() -> None:
    side = BEN.shape[0]
    cut = np.ascontiguousarray(wide(BEN)[:, side // 6 + side // 3 :])
    assert measure(cut).inside < 0.97


def test_a_model_without_training_says_nothing_of_pose_and_mouth() -> None:
    view = FaceFraming(256).frame(BEN)
    face = FaceMeasure.of(BEN, view, None, landmarks=True)
    assert (face.yaw, face.pitch, face.roll, face.mouth, face.eyes) == (0, 0, 0, None, None)
