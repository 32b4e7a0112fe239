"""Encoded pictures to pixels: WebP (or any still format), and AVIF sequences.

OpenCV decodes the stills, since it lets other threads run meanwhile (Pillow does not for WebP) and
is twice as fast; Pillow decodes the AVIF sequences.
"""

import io
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


class PictureError(ValueError):
    """The bytes are not a picture that training can use."""


def picture_side(encoded: bytes) -> int:
    """Side of a square picture in pixels, from its header.

    Raises:
        PictureError: not a picture, or not square.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            width, height = picture.size
    except Exception as error:  # Pillow raises almost any kind on broken bytes
        raise PictureError(f"unreadable picture ({error})") from error
    if width != height:
        raise PictureError(f"a picture of {width}x{height} is not square")
    return width


def sequence_length(encoded: bytes) -> int:
    """Number of frames of an AVIF sequence, from its header.

    Raises:
        PictureError: not a picture.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as sequence:
            return int(getattr(sequence, "n_frames", 1))
    except Exception as error:  # Pillow raises almost any kind on broken bytes
        raise PictureError(f"unreadable sequence ({error})") from error


def decode_picture(encoded: bytes, size: int) -> Pixels:
    """One picture: (3, size, size) RGB.

    Raises:
        PictureError: not a picture, or not square.
    """
    try:
        bgr = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureError("unreadable picture") from error
    if bgr is None:
        raise PictureError("unreadable picture")
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return _scaled(rgb.astype(np.uint8, copy=False), size)


def decode_sequence(encoded: bytes, size: int) -> Iterator[Pixels]:
    """All frames of an AVIF sequence in order, each (3, size, size) RGB.

    Raises:
        PictureError: the next frame cannot be read, nor any after it.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as sequence:
            for index in range(int(getattr(sequence, "n_frames", 1))):
                sequence.seek(index)
                yield _scaled(np.asarray(sequence.convert("RGB")), size)
    except Exception as error:  # as above
        raise PictureError(f"unreadable sequence ({error})") from error


def _scaled(rgb: Pixels, size: int) -> Pixels:
    """(H, W, 3) -> (3, size, size), by area when it shrinks."""
    height, width = rgb.shape[:2]
    if height != width:
        raise PictureError(f"a picture of {width}x{height} is not square")
    if height != size:
        method = cv2.INTER_AREA if size < height else cv2.INTER_CUBIC
        rgb = cv2.resize(rgb, (size, size), interpolation=method).astype(np.uint8, copy=False)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))
