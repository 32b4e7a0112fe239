"""Two pictures next to each other: what went in and what was rendered."""

import cv2
import numpy as np

from confapp.media.synthesis_mark import FONT, MARGIN, TEXT, marked
from confapp.media.video_frame import RgbImage

LABEL_HEIGHT = 24  # pixels, above each picture
BACKGROUND = 24  # grey of the labels' strip
LABEL_SCALE = 0.5


def side_by_side(
    left: RgbImage, right: RgbImage, labels: tuple[str, str] = ("input", "rendered")
) -> RgbImage:
    """The input and the rendering, the lower one scaled up to the height of the other.

    Args:
        left: (H, W, 3) uint8.
        right: (H', W', 3) uint8; gets the mark that says that it is synthesised.
        labels: a word above each.

    Returns:
        (H'', W'', 3) uint8 with even sides, as H.264 wants them.
    """
    height = max(left.shape[0], right.shape[0]) // 2 * 2
    pictures = [_to_height(left, height), marked(_to_height(right, height))]
    columns = [
        np.concatenate([_label(text, picture.shape[1]), picture])
        for text, picture in zip(labels, pictures, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def _to_height(picture: RgbImage, height: int) -> RgbImage:
    width = max(2, round(picture.shape[1] * height / picture.shape[0] / 2) * 2)
    if picture.shape[:2] == (height, width):
        return picture
    larger = height > picture.shape[0]
    interpolation = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return cv2.resize(picture, (width, height), interpolation=interpolation).astype(
        np.uint8, copy=False
    )


def _label(text: str, width: int) -> RgbImage:
    strip = np.full((LABEL_HEIGHT, width, 3), BACKGROUND, np.uint8)
    place = (MARGIN, LABEL_HEIGHT - MARGIN)
    cv2.putText(strip, text, place, FONT, LABEL_SCALE, TEXT, 1, cv2.LINE_AA)
    return strip
