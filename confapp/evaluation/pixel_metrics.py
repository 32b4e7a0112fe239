"""Distances between two pictures that need no network."""

import cv2
import numpy as np
import torch
from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from confapp.media.video_frame import RgbImage

WHITE = 255.0
PSNR_IDENTICAL = 100.0  # dB; identical pictures have no finite value, and means need one
MS_SSIM_SIDE = 256  # pixels; five scales of an 11-pixel window ask for 161 at least


def l1(picture: RgbImage, truth: RgbImage) -> float:
    """Mean absolute difference, 0 to 255."""
    return float(np.abs(picture.astype(np.float64) - truth).mean())


def psnr(picture: RgbImage, truth: RgbImage) -> float:
    """Peak signal to noise ratio in dB, 100 for identical pictures."""
    squared = float(np.square(picture.astype(np.float64) - truth).mean())
    return PSNR_IDENTICAL if squared == 0 else float(10 * np.log10(WHITE**2 / squared))


def ssim(picture: RgbImage, truth: RgbImage) -> float:
    """Structural similarity (Wang et al., 2004): 11-pixel Gaussian window, mean of R, G and B."""
    value = structural_similarity_index_measure(plane(picture), plane(truth), data_range=1.0)
    return float(value)  # type: ignore[arg-type]


def ms_ssim(picture: RgbImage, truth: RgbImage) -> float:
    """SSIM over five scales (Wang et al., 2003); smaller pictures are enlarged to 256 first."""
    value = multiscale_structural_similarity_index_measure(
        plane(_enlarged(picture)), plane(_enlarged(truth)), data_range=1.0
    )
    return float(value)


def plane(picture: RgbImage) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / WHITE


def _enlarged(picture: RgbImage) -> RgbImage:
    if min(picture.shape[:2]) >= MS_SSIM_SIDE:
        return picture
    size = (MS_SSIM_SIDE, MS_SSIM_SIDE)
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
