"""Landmarks through crops, with a stand-in network; files that are something else."""

import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from tiny_perception import NETWORK, bright_spot_landmarks, face_points

from confapp.errors import ConfappError
from confapp.evaluation.face_landmarks import (
    IBUG,
    INPUT_SIDE,
    MEMBER,
    MESH_POINTS,
    FaceLandmarks,
    mean_distance,
)
from confapp.evaluation.face_region import FacePlace, Points
from confapp.media.video_frame import RgbImage


def spot(x: int, y: int) -> RgbImage:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[y - 4 : y + 4, x - 4 : x + 4] = 255
    return picture


def test_distance_by_hand() -> None:
    one = np.zeros((68, 2))
    other = one.copy()
    other[:34] = (3, 4)
    assert mean_distance(one, other) == pytest.approx(2.5)
    assert mean_distance(one, one) == 0


def test_points_return_to_the_picture() -> None:
    """A network that always answers the middle of its crop."""
    centre = np.full((MESH_POINTS, 3), INPUT_SIDE / 2)
    points = FaceLandmarks(NETWORK, lambda _: centre).find(
        spot(90, 110), FacePlace(90, 110, 80, 0.3)
    )
    assert points == pytest.approx(np.tile([90.0, 110.0], (68, 1)))


def test_second_look_halves_what_an_off_centre_face_costs() -> None:
    """A network that draws its points half the way to the middle of the crop, as real ones do."""
    mesh = bright_spot_landmarks()

    def timid(picture: RgbImage) -> Points:
        points = np.zeros((MESH_POINTS, 3))
        rows, columns = np.nonzero(picture[..., 0] > 127)
        seen = face_points(columns.mean() + 0.5, rows.mean() + 0.5, 160)
        points[list(IBUG), :2] = seen + (INPUT_SIDE / 2 - seen.mean(0)) / 2
        return points

    offset = 30
    found = FaceLandmarks(NETWORK, timid).find(spot(128, 128), FacePlace(128 - offset, 128, 90, 0))
    assert found[:, 0].mean() == pytest.approx(128 - offset / 4, abs=1)
    assert mesh.find(spot(128, 128), FacePlace(128, 128, 90, 0))[:, 0].mean() == pytest.approx(
        128, abs=1
    )


def test_crop_is_turned_upright() -> None:
    """What the network sees of a face with roll has its eyes level."""
    seen: list[RgbImage] = []

    def mesh(picture: RgbImage) -> Points:
        seen.append(picture)
        return np.random.default_rng(0).uniform(0, INPUT_SIDE, (MESH_POINTS, 3))

    picture = np.zeros((256, 256, 3), np.uint8)
    angle = np.radians(40)
    for step in range(-30, 31):
        x, y = 128 + step * np.cos(angle), 128 + step * np.sin(angle)
        picture[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 255
    FaceLandmarks(NETWORK, mesh).find(picture, FacePlace(128, 128, 100, angle))
    rows, columns = np.nonzero(seen[0][..., 0] > 127)
    assert np.ptp(rows) < np.ptp(columns) / 10


def test_table_has_68_different_points() -> None:
    assert len(IBUG) == len(set(IBUG)) == 68
    assert max(IBUG) < MESH_POINTS


def _bundle(path: Path, model: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(MEMBER, model)
    return path


def test_files_that_are_something_else(tmp_path: Path) -> None:
    text = tmp_path / "text.task"
    text.write_text("no zip")
    empty = tmp_path / "empty.task"
    zipfile.ZipFile(empty, "w").close()
    weights = files("confapp.media") / "weights" / "face_detection_short_range.tflite"
    detector = _bundle(tmp_path / "detector.task", weights.read_bytes())
    for path in (text, empty, detector):
        with pytest.raises(ConfappError) as caught:
            FaceLandmarks.load(path)
        assert caught.value.error_id == "landmarks-unusable"
