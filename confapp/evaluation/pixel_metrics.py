"""Distances between two pictures that need no network."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from confapp.media.video_frame import RgbImage

WHITE = 255.0
PSNR_IDENTICAL = 100.0  # dB; identical pictures have no finite value, and means need one
MS_SSIM_SIDE = 256  # pixels; five scales of an 11-pixel window ask for 161 at least

WINDOW_SIDE = 11  # pixels
WINDOW = cv2.getGaussianKernel(WINDOW_SIDE, 1.5, cv2.CV_32F)
C1, C2 = 0.01**2, 0.03**2  # for pictures in [0, 1]
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # fine to coarse

Plane = NDArray[np.float32]


def l1(picture: RgbImage, truth: RgbImage) -> float:
    """Mean absolute difference, 0 to 255."""
    return float(np.abs(picture.astype(np.float64) - truth).mean())


def psnr(picture: RgbImage, truth: RgbImage) -> float:
    """Peak signal to noise ratio in dB, 100 for identical pictures."""
    squared = float(np.square(picture.astype(np.float64) - truth).mean())
    return PSNR_IDENTICAL if squared == 0 else float(10 * np.log10(WHITE**2 / squared))


def ssim(picture: RgbImage, truth: RgbImage) -> float:
    """Structural similarity (Wang et al., 2004): 11-pixel Gaussian window, mean of R, G and B."""
    return _similarity(_unit(picture), _unit(truth))[0]


def ms_ssim(picture: RgbImage, truth: RgbImage) -> float:
    """SSIM over five scales (Wang et al., 2003); smaller pictures are enlarged to 256 first."""
    one, other = _unit(_enlarged(picture)), _unit(_enlarged(truth))
    value = 1.0
    for weight in SCALE_WEIGHTS[:-1]:
        value *= max(_similarity(one, other)[1], 0.0) ** weight
        one, other = _halved(one), _halved(other)
    return float(value * max(_similarity(one, other)[0], 0.0) ** SCALE_WEIGHTS[-1])


def _similarity(one: Plane, other: Plane) -> tuple[float, float]:
    """SSIM, and its contrast and structure alone; the latter inside the border, as usual."""
    mean, other_mean = _windowed(one), _windowed(other)
    product = mean * other_mean
    squares = mean * mean + other_mean * other_mean
    variance = np.maximum(_windowed(one * one + other * other) - squares, 0)
    covariance = _windowed(one * other) - product
    contrast = (2 * covariance + C2) / (variance + C2)
    whole = (2 * product + C1) / (squares + C1) * contrast
    inside = slice(WINDOW_SIDE // 2, -(WINDOW_SIDE // 2))
    return float(whole.mean()), float(contrast[inside, inside].mean())


def _windowed(x: Plane) -> Plane:
    """Weighted means around each pixel; the picture goes on outside as in a mirror."""
    return np.asarray(
        cv2.sepFilter2D(x, -1, WINDOW, WINDOW, borderType=cv2.BORDER_REFLECT_101), np.float32
    )


def _halved(x: Plane) -> Plane:
    """Means of 2x2 pixels; an odd last row or column is left out."""
    height, width = x.shape[0] // 2, x.shape[1] // 2
    # (2h, 2w, 3) -> (h, 2, w, 2, 3)
    blocks = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
    return np.asarray(blocks.mean((1, 3)), np.float32)


def _unit(picture: RgbImage) -> Plane:
    return picture.astype(np.float32) / np.float32(WHITE)


def plane(picture: RgbImage) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / WHITE


def _enlarged(picture: RgbImage) -> RgbImage:
    if min(picture.shape[:2]) >= MS_SSIM_SIDE:
        return picture
    size = (MS_SSIM_SIDE, MS_SSIM_SIDE)
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
