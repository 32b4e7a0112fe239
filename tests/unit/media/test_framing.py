from collections.abc import Iterator
from importlib.resources import as_file, files

import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.face_detector import FaceBox
from confapp.media.framing import (
    FACE_SIZE,
    FACE_SIZE_RANGE,
    FACE_X,
    FACE_X_RANGE,
    FACE_Y,
    GLIDE_STEP,
    FaceFraming,
    FramedView,
    Square,
    view_of,
)
from confapp.media.photo import load_photo

WIDTH, HEIGHT = 1280, 720


def face_at(x: float, y: float, size: float) -> FaceBox:
    return FaceBox(x - size / 2, y - size / 2, size, 0.9)


class ScriptedDetector:
    """Says what it is told, and counts how often it was asked."""

    def __init__(self, *faces: FaceBox) -> None:
        self.faces = list(faces)
        self.asked = 0

    def detect(self, rgb: np.ndarray) -> list[FaceBox]:  # noqa: ARG002
        self.asked += 1
        return self.faces


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Red tells the column, green the row."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[..., 0] = np.linspace(0, 255, WIDTH)
    rgb[..., 1] = np.linspace(0, 255, HEIGHT)[:, None]
    return rgb


def run(framing: FaceFraming, picture: np.ndarray, frames: int) -> list[FramedView]:
    return [framing.frame(picture) for _ in range(frames)]


def test_the_first_face_lies_as_in_the_training_data(picture: np.ndarray) -> None:
    view = FaceFraming(detector=ScriptedDetector(face_at(640, 360, 200))).frame(picture)
    assert view.face
    assert view.square is not None
    assert view.rgb is not None
    assert view.rgb.shape == (256, 256, 3)
    assert 200 / view.square.side == pytest.approx(FACE_SIZE)
    assert (640 - view.square.x) / view.square.side == pytest.approx(FACE_X)
    assert (360 - view.square.y) / view.square.side == pytest.approx(FACE_Y)
    column = view.square.x + 0.5 * view.square.side  # the middle of the view, in the picture
    assert view.rgb[128, 128, 0] == pytest.approx(255 * column / WIDTH, abs=2)


def test_a_face_that_moves_a_little_moves_nothing(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(640, 360, 200))
    framing = FaceFraming(detector=detector)
    first = framing.frame(picture)
    for x, y, size in [(660, 350, 200), (620, 380, 210), (655, 365, 190)]:
        detector.faces = [face_at(x, y, size)]
        for view in run(framing, picture, 10):
            assert view.square == first.square


def test_the_view_glides_after_a_face_that_leaves_it(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(640, 360, 200))
    framing = FaceFraming(detector=detector)
    before = framing.frame(picture).square
    detector.faces = [face_at(720, 360, 200)]
    views = run(framing, picture, 80)
    squares = [view.square for view in views if view.square is not None]
    assert len(squares) == 80
    assert before is not None
    assert squares[-1].x - before.x == pytest.approx(80, abs=2)
    steps = np.diff([before.x, *(square.x for square in squares)])
    assert steps.min() >= 0
    assert steps.max() <= GLIDE_STEP * before.side + 1e-6
    assert squares[-1] == squares[-20]  # and then it rests


def test_a_view_at_the_edge_of_the_range_rests_while_the_box_trembles(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(60, 360, 200))  # too near the picture's edge for the median
    framing = FaceFraming(detector=detector, detect_every=1)
    first = framing.frame(picture).square
    assert first is not None
    assert (60 - first.x) / first.side == pytest.approx(FACE_X_RANGE[0])
    for x, size in [(56, 200), (64, 204), (55, 197), (62, 200)]:
        detector.faces = [face_at(x, 360, size)]
        assert framing.frame(picture).square == first


def test_another_shot_is_framed_at_once(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(300, 300, 200))
    framing = FaceFraming(detector=detector, detect_every=1)
    framing.frame(picture)
    detector.faces = [face_at(1000, 400, 150)]
    seen_once, seen_twice = run(framing, picture, 2)
    assert not seen_once.face  # the old view shows nobody now
    assert seen_twice.face
    assert seen_twice.square == view_of(face_at(1000, 400, 150), WIDTH, HEIGHT)


def test_one_wrong_detection_moves_nothing(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(300, 300, 200))
    framing = FaceFraming(detector=detector, detect_every=1)
    first = framing.frame(picture)
    for _ in range(3):
        detector.faces = [face_at(1000, 400, 150)]
        assert framing.frame(picture).square == first.square
        detector.faces = [face_at(300, 300, 200)]
        view = framing.frame(picture)
        assert view.face
        assert view.square == first.square


def test_it_stays_with_one_of_two_people(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(300, 300, 200))
    framing = FaceFraming(detector=detector, detect_every=1)
    first = framing.frame(picture)
    detector.faces = [face_at(900, 300, 260), face_at(305, 300, 200)]
    assert all(view.square == first.square for view in run(framing, picture, 5))


def test_a_lost_face_holds_the_view_and_is_looked_for_in_every_frame(picture: np.ndarray) -> None:
    detector = ScriptedDetector(face_at(640, 360, 200))
    framing = FaceFraming(detector=detector)
    first = framing.frame(picture)
    run(framing, picture, 4)
    assert detector.asked == 1
    detector.faces = []
    views = run(framing, picture, 10)
    assert detector.asked == 11
    assert not any(view.face for view in views)
    assert all(view.square == first.square and view.rgb is not None for view in views)
    detector.faces = [face_at(640, 360, 200)]
    assert framing.frame(picture).face


def test_without_any_face_there_is_no_view(picture: np.ndarray) -> None:
    view = FaceFraming(detector=ScriptedDetector()).frame(picture)
    assert (view.rgb, view.face, view.square, view.box) == (None, False, None, None)


def test_a_picture_of_another_size_starts_anew(picture: np.ndarray) -> None:
    framing = FaceFraming(detector=ScriptedDetector(face_at(640, 360, 200)))
    framing.frame(picture)
    assert framing.frame(picture[:, :900]).square == view_of(face_at(640, 360, 200), 900, HEIGHT)


def test_a_view_beyond_the_picture_repeats_the_edge() -> None:
    picture = np.full((200, 200, 3), 50, np.uint8)
    picture[:, 0] = 200
    view = FaceFraming(detector=ScriptedDetector(face_at(30, 100, 90))).frame(picture)
    assert view.square is not None
    assert view.rgb is not None
    assert view.square.x < -20
    assert view.rgb.shape == (256, 256, 3)
    assert np.all(view.rgb[:, :20] == 200)
    assert np.all(view.rgb[:, -20:] == 50)


def test_a_picture_framed_as_the_training_data_is_left_alone() -> None:
    picture = np.random.default_rng(3).integers(0, 255, (256, 256, 3), np.uint8)
    framing = FaceFraming(detector=ScriptedDetector(face_at(135, 120, 115)))
    view = framing.frame(picture)
    assert view.square == Square(0, 0, 256)
    assert view.rgb is not None
    assert np.array_equal(view.rgb, picture)


def test_a_large_face_takes_the_pictures_own_pixels_before_padding() -> None:
    face = face_at(320, 260, 300)  # the median margins would need a square of 606
    assert view_of(face, 640, 480).side == 480
    too_large = face_at(320, 240, 400)
    assert view_of(too_large, 640, 480).side == pytest.approx(400 / FACE_SIZE_RANGE[1])


@pytest.fixture(scope="module", params=["ada", "ben"])
def person(request: pytest.FixtureRequest) -> Iterator[tuple[np.ndarray, Clip]]:
    people = files("confapp.demo") / "people"
    with (
        as_file(people / f"{request.param}.png") as photo,
        as_file(people / f"{request.param}.mp4") as clip,
    ):
        yield load_photo(photo), Clip(clip)


def test_the_demo_people_keep_a_fixed_view_like_their_photo(
    person: tuple[np.ndarray, Clip],
) -> None:
    photo, clip = person
    framing = FaceFraming()
    views = [framing.frame(frame.rgb) for frame in clip.frames() if frame.index % 3 == 0]
    assert all(view.face for view in views)
    assert {view.square for view in views} == {Square(0, 0, 512)}
    still = framing.frame_photo(photo)
    assert still.shape == (256, 256, 3)
    face = framing._detector.detect(still)[0]
    assert FACE_SIZE_RANGE[0] <= face.size / 256 <= FACE_SIZE_RANGE[1]


def test_a_person_far_away_is_cut_as_close_as_the_training_data(
    person: tuple[np.ndarray, Clip],
) -> None:
    photo, _ = person
    room = np.full((1400, 2000, 3), 120, np.uint8)
    room[500:1012, 900:1412] = photo
    framing = FaceFraming()
    face = framing._detector.detect(framing.frame_photo(room))[0]
    assert face.size / 256 == pytest.approx(FACE_SIZE, rel=0.12)
    assert face.centre[0] / 256 == pytest.approx(FACE_X, abs=0.04)
    assert face.centre[1] / 256 == pytest.approx(FACE_Y, abs=0.04)


def test_a_photo_without_a_face() -> None:
    with pytest.raises(ConfappError, match="shows one face") as caught:
        FaceFraming().frame_photo(np.full((300, 300, 3), 128, np.uint8))
    assert caught.value.error_id == "no-face"
