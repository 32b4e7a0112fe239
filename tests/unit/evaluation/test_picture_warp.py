"""Affine maps are recovered exactly, and move pixels where they move points."""

import numpy as np
import pytest
from tiny_perception import face_points

from confapp.evaluation.picture_warp import (
    apply_affine,
    fit_affine,
    fit_similarity,
    inverse_affine,
    warp_picture,
)

SHEAR = np.array([[1.1, 0.2, 3.0], [-0.1, 0.9, -2.0]])
SIMILAR = np.array([[0.8, -0.6, 5.0], [0.6, 0.8, 1.0]]) * [2, 2, 1]


def test_affine_fit_recovers_the_map() -> None:
    points = face_points()
    assert fit_affine(points, apply_affine(SHEAR, points)) == pytest.approx(SHEAR)


def test_similarity_fit_recovers_scale_turn_and_shift_only() -> None:
    points = face_points()
    assert fit_similarity(points, apply_affine(SIMILAR, points)) == pytest.approx(SIMILAR)
    fitted = fit_similarity(points, apply_affine(SHEAR, points))
    assert fitted[0, 0] == pytest.approx(fitted[1, 1])
    assert fitted[0, 1] == pytest.approx(-fitted[1, 0])


def test_inverse() -> None:
    points = face_points()
    assert apply_affine(inverse_affine(SHEAR), apply_affine(SHEAR, points)) == pytest.approx(points)


def test_picture_moves_as_points_do() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[10:14, 6:10] = 255  # its middle is (8, 12), counted from the edge
    doubled = warp_picture(picture, np.array([[2.0, 0, 3], [0, 2, 1]]), 64)
    rows, columns = np.nonzero(doubled[..., 0] > 127)
    assert columns.mean() + 0.5 == pytest.approx(2 * 8 + 3)
    assert rows.mean() + 0.5 == pytest.approx(2 * 12 + 1)


def test_shift_by_whole_pixels_is_exact_and_the_border_goes_on() -> None:
    picture = np.arange(16, dtype=np.uint8).repeat(3).reshape(1, 16, 3).repeat(16, 0)
    moved = warp_picture(picture, np.array([[1.0, 0, 4], [0, 1, 0]]), 16)
    assert (moved[:, 4:] == picture[:, :-4]).all()
    assert (moved[:, :4] == 0).all()
