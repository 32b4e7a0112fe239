import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tiny_shards import SIDE, avif, webp

from models.training.data.picture import (
    PictureError,
    decode_picture,
    decode_sequence,
    picture_side,
    sequence_length,
)


def saved(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True)
    return file.getvalue()


def test_pixels_come_out_channel_first_in_red_green_blue() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    assert (decode_picture(saved(pixels), SIDE) == pixels.transpose(2, 0, 1)).all()


def test_shrinking_averages_areas() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[:2, :2] = [[[200, 0, 40], [0, 0, 40]], [[0, 0, 80], [0, 0, 80]]]
    assert decode_picture(saved(pixels), 2)[:, 0, 0].tolist() == [50, 0, 60]


def test_headers_tell_side_and_length() -> None:
    assert picture_side(webp(3, side=48)) == 48
    assert picture_side(avif([1, 2, 3], side=48)) == 48
    assert sequence_length(avif([1, 2, 3])) == 3


def test_a_sequence_comes_out_in_order() -> None:
    frames = list(decode_sequence(avif([10, 90, 50]), SIDE))
    assert [frame.shape for frame in frames] == [(3, SIDE, SIDE)] * 3
    assert [frame.mean() for frame in frames] == pytest.approx([10, 90, 50], abs=1)


def test_pictures_that_are_not_square_are_refused() -> None:
    wide = saved(np.zeros((16, 32, 3), np.uint8))
    with pytest.raises(PictureError, match="32x16"):
        picture_side(wide)
    with pytest.raises(PictureError, match="32x16"):
        decode_picture(wide, SIDE)


@given(st.sampled_from([webp(7), avif([10, 90])]), st.data())
def test_broken_bytes_give_a_picture_error_and_no_other(
    encoded: bytes, data: st.DataObject
) -> None:
    broken = bytearray(encoded)
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(0, len(broken)))
    for read in (
        lambda picture: decode_picture(picture, SIDE),
        lambda picture: list(decode_sequence(picture, SIDE)),
        picture_side,
        sequence_length,
    ):
        with contextlib.suppress(PictureError):
            read(bytes(broken[:length]))
