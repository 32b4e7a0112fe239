"""Alignment by five points, and the cosine."""

from pathlib import Path

import numpy as np
import pytest
from tiny_perception import NETWORK, face_points, pixel_identity

from confapp.errors import ConfappError
from confapp.evaluation.face_identity import TEMPLATE, FaceIdentity, similarity
from confapp.evaluation.picture_warp import apply_affine
from confapp.media.video_frame import RgbImage


def test_cosine_by_hand() -> None:
    assert similarity(np.array([1.0, 0.0]), np.array([0.6, 0.8])) == pytest.approx(0.6)


def test_face_is_brought_to_the_template() -> None:
    """Landmarks laid by a similarity from the template: a dot on the nose comes to its place."""
    to_picture = np.array([[1.2, -0.5, 40.0], [0.5, 1.2, 20.0]])
    points = np.zeros((68, 2))
    eyes_nose_mouth = apply_affine(to_picture, TEMPLATE)
    points[36:42], points[42:48] = eyes_nose_mouth[0], eyes_nose_mouth[1]
    points[30], points[48], points[54] = eyes_nose_mouth[2:]
    picture = np.zeros((256, 256, 3), np.uint8)
    x, y = eyes_nose_mouth[2]
    picture[round(y) - 2 : round(y) + 2, round(x) - 2 : round(x) + 2] = 255
    seen: list[RgbImage] = []

    def embed(face: RgbImage) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        seen.append(face)
        return np.array([3.0, 4.0])

    embedding = FaceIdentity(NETWORK, embed).embedding(picture, points)
    assert embedding == pytest.approx([0.6, 0.8])
    rows, columns = np.nonzero(seen[0][..., 0] > 127)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(tuple(TEMPLATE[2]), abs=1)


def test_same_face_is_one_and_another_less() -> None:
    identity = pixel_identity()
    random = np.random.default_rng(0)
    one, other = random.integers(0, 2, (2, 64, 64, 3)).astype(np.uint8) * 255
    first = identity.embedding(one, face_points())
    assert similarity(first, first) == pytest.approx(1)
    assert similarity(first, identity.embedding(other, face_points())) < 0.999


def test_file_that_is_no_network(tmp_path: Path) -> None:
    path = tmp_path / "face.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(ConfappError) as caught:
        FaceIdentity.load(path)
    assert caught.value.error_id == "identity-unusable"
