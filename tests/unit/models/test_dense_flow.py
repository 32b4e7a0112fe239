"""Optical flow of a picture that was moved."""

import cv2
import numpy as np
import pytest

from models.dense_flow import DenseFlow


def test_it_finds_by_how_much_a_picture_was_moved() -> None:
    noise = np.random.default_rng(0).uniform(0, 255, (96, 96)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    picture = cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload]
    moved = np.roll(picture, (2, 3), axis=(0, 1))
    flow = DenseFlow().between(picture, moved)
    inside = flow[16:-16, 16:-16].reshape(-1, 2)
    assert flow.shape == (96, 96, 2)
    assert np.median(inside, axis=0) == pytest.approx([3, 2], abs=0.1)
