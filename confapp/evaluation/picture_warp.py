"""A picture moved by an affine map of its coordinates."""

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage

PIXEL_CENTRE = 0.5  # OpenCV counts from the middle of the first pixel, we from its edge

AffineMap = NDArray[np.float64]


def warp_picture(picture: RgbImage, to_target: AffineMap, side: int) -> RgbImage:
    """Bilinear; the border's colour goes on outside.

    Args:
        to_target: (2, 3), takes a point (x, y, 1) of the picture to its place in the result.
        side: of the square result, pixels.
    """
    matrix = to_target.copy()
    matrix[:, 2] += matrix[:, :2].sum(1) * PIXEL_CENTRE - PIXEL_CENTRE
    warped = cv2.warpAffine(
        picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped.astype(np.uint8, copy=False)


def fit_affine(points: NDArray[np.float64], targets: NDArray[np.float64]) -> AffineMap:
    """The (2, 3) map that takes (N, 2) points nearest to their targets, by least squares."""
    rows = np.column_stack([points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(rows, targets, rcond=None)[0].T, np.float64)


def fit_similarity(points: NDArray[np.float64], targets: NDArray[np.float64]) -> AffineMap:
    """The same with only scale, turn and shift."""
    x, y = points.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate([np.column_stack([x, -y, one, zero]), np.column_stack([y, x, zero, one])])
    a, b, right, down = np.linalg.lstsq(rows, targets.T.ravel(), rcond=None)[0]
    return np.array([[a, -b, right], [b, a, down]])


def apply_affine(matrix: AffineMap, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) points moved by a (2, 3) map."""
    moved: NDArray[np.float64] = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def inverse_affine(matrix: AffineMap) -> AffineMap:
    """The (2, 3) map back."""
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])
