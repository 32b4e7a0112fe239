"""Metrics without networks against values worked by hand and against their order."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from confapp.evaluation.pixel_metrics import PSNR_IDENTICAL, l1, ms_ssim, plane, psnr, ssim
from confapp.media.video_frame import RgbImage

SIDE = 256


@pytest.fixture
def picture() -> RgbImage:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3).astype(np.uint8)


def grey(level: int, side: int = SIDE) -> RgbImage:
    return np.full((side, side, 3), level, np.uint8)


def test_l1_and_psnr_of_one_known_difference() -> None:
    assert l1(grey(100), grey(110)) == 10
    assert l1(grey(110), grey(100)) == 10
    assert psnr(grey(100), grey(110)) == pytest.approx(10 * math.log10(255**2 / 100))


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = 0.25, 0.5
    expected = (2 * a * b + 0.01**2) / (a * a + b * b + 0.01**2)
    levels = grey(round(a * 255)), grey(round(b * 255))
    assert ssim(*levels) == pytest.approx(expected, abs=5e-3)


def test_identical_pictures_are_perfect(picture: RgbImage) -> None:
    assert l1(picture, picture) == 0
    assert psnr(picture, picture) == PSNR_IDENTICAL
    assert ssim(picture, picture) == pytest.approx(1, abs=1e-6)
    assert ms_ssim(picture, picture) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("metric", [psnr, ssim, ms_ssim])
def test_more_noise_is_worse(
    metric: Callable[[RgbImage, RgbImage], float], picture: RgbImage
) -> None:
    noise = np.random.default_rng(1).normal(size=picture.shape)
    noisy = [
        np.clip(picture + noise * level, 0, 255).round().astype(np.uint8) for level in (2, 8, 32)
    ]
    values = [metric(one, picture) for one in noisy]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


def test_ms_ssim_takes_small_faces(picture: RgbImage) -> None:
    face = picture[:90, :70]
    assert ms_ssim(face, face) == pytest.approx(1, abs=1e-6)
    assert ms_ssim(255 - face, face) < 0.5


@pytest.mark.parametrize(("level", "height", "width"), [(4, SIDE, SIDE), (40, 301, 257)])
def test_torchmetrics_agrees(level: int, height: int, width: int) -> None:
    random = np.random.default_rng(level)
    rough = random.integers(0, 256, (height, width, 3)).astype(np.uint8)
    true = cv2.GaussianBlur(rough, (0, 0), 3).astype(np.uint8)
    noise = random.normal(size=true.shape) * level
    noisy = np.clip(true + noise, 0, 255).round().astype(np.uint8)
    both = plane(noisy).double(), plane(true).double()
    expected = structural_similarity_index_measure(*both, data_range=1.0)
    assert ssim(noisy, true) == pytest.approx(float(expected), abs=1e-5)  # type: ignore[arg-type]
    over_scales = multiscale_structural_similarity_index_measure(*both, data_range=1.0)
    assert ms_ssim(noisy, true) == pytest.approx(float(over_scales), abs=1e-5)
