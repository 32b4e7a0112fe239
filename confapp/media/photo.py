"""A photo from disk."""

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from confapp.errors import ConfappError
from confapp.media.video_frame import RgbImage

MAX_PIXELS = 50_000_000
BACKGROUND = (255, 255, 255)  # behind what is transparent


def load_photo(path: str | Path) -> RgbImage:
    """Read a PNG, JPEG, WebP or other picture that Pillow knows, upright (EXIF), as RGB.

    Raises:
        ConfappError: `photo-not-found`, `photo-unreadable`, `photo-too-large` (over 50 megapixels).
    """
    file = Path(path)
    if not file.is_file():
        raise ConfappError("photo-not-found", f"There is no photo at {file}; check the path.")
    return _read(file, str(file))


def photo_of_bytes(data: bytes) -> RgbImage:
    """The same of a file's content, which may be anything.

    Raises:
        ConfappError: `photo-unreadable`, `photo-too-large`.
    """
    return _read(io.BytesIO(data), "That file")


def _read(file: Path | BinaryIO, name: str) -> RgbImage:
    try:
        with Image.open(file) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_large(name)
            return _rgb(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ConfappError(
            "photo-unreadable",
            f"{name} cannot be read as a photo; use a whole PNG, JPEG or WebP file.",
        ) from error


def _rgb(image: Image.Image) -> RgbImage:
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, (*BACKGROUND, 255)), layer)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _too_large(name: str) -> ConfappError:
    return ConfappError(
        "photo-too-large",
        f"{name} has more than {MAX_PIXELS // 1_000_000} megapixels; use a smaller copy.",
    )
