"""A still view: inside the picture, and every face in it as training data has faces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.dataset.stable_view import box_in_view, cut_view, stable_view
from confapp.media.face_detector import FaceBox
from confapp.media.framing import FACE_SIZE, FACE_SIZE_RANGE, FACE_X_RANGE, FACE_Y_RANGE, SLACK

PIXEL = 0.5  # of a start in whole pixels


def face(x: float, y: float, size: float) -> FaceBox:
    """By its middle."""
    return FaceBox(x - size / 2, y - size / 2, size, 0.9)


def test_a_small_face_in_a_wide_picture_is_half_the_view() -> None:
    view = stable_view([face(600, 300, 100)], 1280, 720)
    assert view is not None
    assert view.side == round(100 / FACE_SIZE)
    assert (view.x, view.y) == (round(600 - 0.505 * view.side), round(300 - 0.547 * view.side))


def test_a_square_picture_stays_whole() -> None:
    view = stable_view([face(128, 140, 130), face(120, 150, 120)], 256, 256)
    assert view is not None
    assert (view.x, view.y, view.side) == (0, 0, 256)


def test_the_view_moves_into_the_picture() -> None:
    view = stable_view([face(95, 300, 100)], 1280, 720)
    assert view is not None
    assert view.x == 0


@pytest.mark.parametrize(
    "faces",
    [
        [face(45, 300, 100)],  # no square inside has it far enough to the right
        [face(600, 40, 100)],
        [face(600, 360, 560)],  # larger than a view can be
        [face(600, 300, 100), face(700, 300, 100)],  # too far for one view
        [face(600, 300, 100), face(600, 300, 210)],  # as large and as small at once
    ],
)
def test_no_view(faces: list[FaceBox]) -> None:
    assert stable_view(faces, 1280, 720) is None


def test_a_face_that_moves_a_little_has_one_view() -> None:
    assert stable_view([face(600, 300, 100), face(640, 320, 110)], 1280, 720) is not None


@given(
    st.lists(
        st.tuples(st.floats(200, 300), st.floats(150, 250), st.floats(60, 140)),
        min_size=1,
        max_size=5,
    ),
    st.integers(260, 640),
    st.integers(260, 480),
)
def test_every_face_lies_in_range(
    faces: list[tuple[float, float, float]], width: int, height: int
) -> None:
    boxes = [face(*one) for one in faces]
    view = stable_view(boxes, width, height)
    if view is None:
        return
    assert 0 <= view.x <= width - view.side
    assert 0 <= view.y <= height - view.side
    trembles = SLACK + PIXEL / view.side + 1e-9
    for box in boxes:
        inside = box_in_view(box, view, 1)
        for place, (low, high) in (
            (inside.centre[0], FACE_X_RANGE),
            (inside.centre[1], FACE_Y_RANGE),
            (inside.size, FACE_SIZE_RANGE),
        ):
            assert low - trembles <= place <= high + trembles


def test_cutting_takes_the_pixels() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    view = stable_view([face(600, 300, 100)], 1280, 720)
    assert view is not None
    x, y, side = int(view.x), int(view.y), int(view.side)
    assert np.array_equal(cut_view(picture, view, side), picture[y : y + side, x : x + side])
    assert cut_view(picture, view, 64).shape == (64, 64, 3)
    assert cut_view(picture, view, 512).shape == (512, 512, 3)


def test_box_in_the_view() -> None:
    view = stable_view([face(600, 300, 100)], 1280, 720)
    assert view is not None
    box = box_in_view(face(600, 300, 100), view, 256)
    assert box.size == pytest.approx(256 * FACE_SIZE, abs=0.5)
    assert box.centre[0] == pytest.approx(256 * 0.505, abs=1)
