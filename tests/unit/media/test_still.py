import io
import struct
import zlib
from importlib.resources import files

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from confapp.errors import ConfappError
from confapp.media.still import BUDGET_BYTES, MAX_BYTES, MAX_SIDE, decode_still, encode_still


def ada(side: int = 256) -> np.ndarray:
    with (files("confapp.demo") / "people" / "ada.png").open("rb") as file:
        rgb = np.array(Image.open(file).convert("RGB"))
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def test_a_face_fits_the_budget_and_stays_good() -> None:
    data = encode_still(ada())
    assert 0.6 * BUDGET_BYTES < len(data) <= BUDGET_BYTES
    assert psnr(decode_still(data), ada()) > 38


def test_a_larger_budget_gives_a_better_picture() -> None:
    small, large = encode_still(ada(), 4_000), encode_still(ada(), 20_000)
    assert len(small) <= 4_000 < len(large) <= 20_000
    assert psnr(decode_still(small), ada()) + 3 < psnr(decode_still(large), ada())


def test_a_budget_that_nothing_fits_gives_the_smallest_there_is() -> None:
    data = encode_still(ada(), 10)
    assert 10 < len(data) < 4_000
    assert decode_still(data).shape == (256, 256, 3)


def test_decoding_is_the_same_every_time() -> None:
    data = encode_still(ada())
    assert np.array_equal(decode_still(data), decode_still(data))


def test_a_png_is_taken_to_the_pixel() -> None:
    buffer = io.BytesIO()
    Image.fromarray(ada(64)).save(buffer, "PNG")
    assert np.array_equal(decode_still(buffer.getvalue()), ada(64))


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (MAX_SIDE + 1, 8, 3)])
def test_only_rgb_of_a_sane_size_is_encoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="RGB of at most"):
        encode_still(np.zeros(shape, np.uint8))


GREY = Image.new("L", (8, 8), 9)


def refused(data: bytes) -> None:
    with pytest.raises(ConfappError) as caught:
        decode_still(data)
    assert caught.value.error_id == "still-unreadable"


def saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        encode_still(ada())[:3000],
        saved(Image.fromarray(ada()), "JPEG"),
        saved(Image.fromarray(ada()), "BMP"),
        saved(Image.new("RGB", (MAX_SIDE + 1, 4)), "WEBP"),
        saved(Image.new("RGB", (4, MAX_SIDE + 1)), "PNG"),
        png_that_claims(60_000, 60_000),
        png_that_claims(10_000, 10_000),
        saved(Image.new("RGB", (8, 8)), "WEBP", save_all=True, append_images=[GREY]),
        encode_still(ada()) + bytes(MAX_BYTES),
    ],
    ids=[
        "empty", "magic", "cut", "jpeg", "bmp", "wide", "high", "bomb", "big", "animated", "heavy",
    ],
)  # fmt: skip
def test_what_the_network_must_not_send_is_refused(data: bytes) -> None:
    refused(data)


@given(
    cut=st.integers(12, 4_000),
    noise=st.binary(min_size=1, max_size=64),
    base=st.sampled_from([encode_still(ada(64)), saved(Image.fromarray(ada(64)), "PNG"), b""]),
)
def test_hostile_bytes_raise_nothing_else(cut: int, noise: bytes, base: bytes) -> None:
    data = base[:cut] + noise + base[cut + len(noise) :]
    try:
        picture = decode_still(data)
    except ConfappError as error:
        assert error.error_id == "still-unreadable"
    else:
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert max(picture.shape) <= MAX_SIDE
