"""How sharp a face is."""

import cv2
import numpy as np

from confapp.media.face_detector import FaceBox
from confapp.media.framing import FACE_SIZE, VIEW_SIDE
from confapp.media.video_frame import RgbImage

# A face is measured at half of its width in the output: a source with half of the output's
# resolution is the least that is taken, so what is finer does not count.
RESOLUTION_SHARE = 0.5
# At a view of 256, 0.2 % of the training data's faces lie below it, 55 % of the same faces behind
# a Gaussian blur of 2 pixels of the view, and 95 % behind one of 3. In a view twice as large the
# same features are twice as coarse.
LEAST_SHARPNESS = 0.07
FLAT_VARIANCE = 25.0  # levels squared: a darker or flatter face is mostly noise


def least_source_size(view_side: int) -> float:
    """Smallest face, by its detector box in pixels of the source, that a view is made of."""
    return RESOLUTION_SHARE * FACE_SIZE * view_side


def face_sharpness(rgb: RgbImage, box: FaceBox, view_side: int) -> float:
    """Variance of the Laplacian over that of the grey levels, of the face at half its output size.

    Args:
        rgb: (H, W, 3) uint8.
        box: in its pixels; a part of it must lie in the picture.
        view_side: of the output, pixels.
    """
    height, width = rgb.shape[:2]
    left, top = max(0, int(box.x)), max(0, int(box.y))
    right, bottom = min(width, round(box.x + box.size)), min(height, round(box.y + box.size))
    face = cv2.cvtColor(rgb[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    side = round(least_source_size(view_side))
    method = cv2.INTER_AREA if box.size > side else cv2.INTER_CUBIC
    scaled = cv2.resize(face, (side, side), interpolation=method).astype(np.float32)
    detail = float(cv2.Laplacian(scaled, cv2.CV_32F).var())
    return detail / max(float(scaled.var()), FLAT_VARIANCE)


def least_sharpness(view_side: int) -> float:
    """A face below it is blurred."""
    return LEAST_SHARPNESS * VIEW_SIDE / view_side
