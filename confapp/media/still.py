"""The source photo on the wire: a small WebP whose decoded pixels both ends use."""

import io

import numpy as np
from PIL import Image

from confapp.errors import ConfappError
from confapp.media.video_frame import RgbImage

BUDGET_BYTES = 12_000
MAX_BYTES = 256 * 1024
MAX_SIDE = 1024  # pixels
FORMATS = ("WEBP", "PNG")
MAX_QUALITY = 100
EFFORT = 6  # WebP's slowest and smallest, once a photo


def encode_still(rgb: RgbImage, budget_bytes: int = BUDGET_BYTES) -> bytes:
    """The best WebP of (H, W, 3) uint8 that fits the budget; the smallest there is if none does.

    Raises:
        ValueError: not an RGB picture of at most 1024 x 1024.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or not 1 <= max(rgb.shape[:2]) <= MAX_SIDE:
        raise ValueError(f"a still is RGB of at most {MAX_SIDE} pixels a side, not {rgb.shape}")
    image = Image.fromarray(rgb)
    low, high = 0, MAX_QUALITY
    best = _webp(image, low)
    while low < high:
        middle = (low + high + 1) // 2
        candidate = _webp(image, middle)
        if len(candidate) <= budget_bytes:
            low, best = middle, candidate
        else:
            high = middle - 1
    return best


def decode_still(data: bytes) -> RgbImage:
    """Decode bytes from the network: WebP or PNG, at most 256 KiB and 1024 x 1024.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ConfappError: `still-unreadable` for anything else.
    """
    if not 0 < len(data) <= MAX_BYTES:
        raise _unreadable(f"{len(data)} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size  # of the header: nothing is decoded yet
            if max(width, height) > MAX_SIDE or getattr(image, "is_animated", False):
                raise _unreadable(f"{width} x {height} pixels or more than one frame")
            return np.array(image.convert("RGB"), dtype=np.uint8)
    except ConfappError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds on hostile bytes
        raise _unreadable(type(error).__name__) from error


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=EFFORT)
    return buffer.getvalue()


def _unreadable(reason: str) -> ConfappError:
    return ConfappError(
        "still-unreadable",
        f"The other side's photo cannot be read ({reason}); ask them to choose it again.",
    )
