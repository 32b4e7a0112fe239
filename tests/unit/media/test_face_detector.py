import hashlib
from collections.abc import Iterator
from importlib.resources import as_file, files

import cv2
import numpy as np
import pytest

from confapp.media.face_detector import MODEL, FaceDetector, _merged
from confapp.media.photo import load_photo


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def ada() -> Iterator[np.ndarray]:
    with as_file(files("confapp.demo") / "people" / "ada.png") as path:
        yield load_photo(path)


def test_the_model_is_the_one_its_readme_names() -> None:
    weights = files("confapp.media") / "weights"
    digest = hashlib.sha256((weights / MODEL).read_bytes()).hexdigest()
    assert digest in (weights / "README.md").read_text("utf-8")


def test_a_face(detector: FaceDetector, ada: np.ndarray) -> None:
    (face,) = detector.detect(ada)
    assert face.score > 0.8
    # read off the picture by eye: the middle of the eyes is at 256, 240, the mouth at 253, 379
    assert face.centre == pytest.approx((255, 290), abs=25)
    assert face.y < 215
    assert 395 < face.y + face.size < 512


def test_boxes_scale_with_the_picture(detector: FaceDetector, ada: np.ndarray) -> None:
    (face,) = detector.detect(ada)
    double = np.asarray(cv2.resize(ada, (1024, 1024), interpolation=cv2.INTER_CUBIC), np.uint8)
    (larger,) = detector.detect(double)
    assert larger.size / face.size == pytest.approx(2, rel=0.03)
    assert larger.centre == pytest.approx((2 * face.centre[0], 2 * face.centre[1]), abs=6)


@pytest.mark.parametrize("shape", [(720, 1280), (1280, 720)])
def test_a_face_in_a_wide_or_high_picture(
    detector: FaceDetector, ada: np.ndarray, shape: tuple[int, int]
) -> None:
    (face,) = detector.detect(ada)
    picture = np.full((*shape, 3), 90, np.uint8)
    picture[100:612, 150:662] = ada
    (found,) = detector.detect(picture)
    assert found.centre == pytest.approx((face.centre[0] + 150, face.centre[1] + 100), abs=15)
    assert found.size == pytest.approx(face.size, rel=0.1)


@pytest.mark.parametrize("left", [30, 560, 1090])
@pytest.mark.parametrize("share", [0.07, 0.1, 0.13])
def test_a_far_face_is_found_and_measured_as_a_near_one(
    detector: FaceDetector, ada: np.ndarray, share: float, left: int
) -> None:
    (face,) = detector.detect(ada)
    scale = share * 1280 / face.size
    side = round(512 * scale)
    left = min(left, 1280 - side)
    picture = np.full((720, 1280, 3), 90, np.uint8)
    small = cv2.resize(ada, (side, side), interpolation=cv2.INTER_AREA)
    picture[250 : 250 + side, left : left + side] = small
    (found,) = detector.detect(picture)
    assert found.size == pytest.approx(scale * face.size, rel=0.1)
    x, y = face.centre
    assert found.centre == pytest.approx((left + scale * x, 250 + scale * y), abs=0.1 * found.size)


def test_the_larger_face_comes_first(detector: FaceDetector, ada: np.ndarray) -> None:
    picture = np.full((512, 1024, 3), 90, np.uint8)
    picture[:, 512:] = ada
    picture[100:356, 100:356] = cv2.resize(ada, (256, 256), interpolation=cv2.INTER_AREA)
    first, second = detector.detect(picture)
    assert first.x > 512 > second.x
    assert first.size > 1.7 * second.size


def test_boxes_of_one_face_are_averaged_by_their_scores() -> None:
    candidates = [[100, 100, 40, 0.6], [106, 100, 46, 0.9], [170, 100, 40, 0.7]]
    one, other = _merged(np.array(candidates, np.float32))
    assert one.centre == pytest.approx((103.6, 100))
    assert one.size == pytest.approx(43.6)
    assert one.score == pytest.approx(0.9)
    assert (*other.centre, other.size) == pytest.approx((170, 100, 40))


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 500, 3), (3, 3, 3)])
def test_no_face_in_noise(detector: FaceDetector, shape: tuple[int, ...]) -> None:
    assert detector.detect(np.random.default_rng(2).integers(0, 255, shape, np.uint8)) == []
