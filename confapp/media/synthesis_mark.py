"""The mark of a picture that was rendered and not filmed."""

import cv2

from confapp.media.video_frame import RgbImage

MARK = "synthesised"
MARGIN = 8  # pixels
SCALE = 0.4
FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT = (225, 225, 225)
EDGE = (0, 0, 0)  # around the letters: readable on any background


def marked(picture: RgbImage) -> RgbImage:
    """A copy of an (H, W, 3) uint8 picture with the mark in its lower right corner."""
    copy = picture.copy()
    (width, _), _ = cv2.getTextSize(MARK, FONT, SCALE, 1)
    place = (copy.shape[1] - width - MARGIN, copy.shape[0] - MARGIN)
    for colour, thickness in ((EDGE, 3), (TEXT, 1)):
        cv2.putText(copy, MARK, place, FONT, SCALE, colour, thickness, cv2.LINE_AA)
    return copy
