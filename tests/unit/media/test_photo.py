from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from confapp.errors import ConfappError
from confapp.media import photo
from confapp.media.photo import load_photo


def gradient() -> np.ndarray:
    ramp = np.linspace(0, 250, 60).astype(np.uint8)
    return np.stack([np.tile(ramp, (40, 1))] * 3, axis=-1)


def test_png_is_read_exactly(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "photo.png")
    assert np.array_equal(load_photo(tmp_path / "photo.png"), gradient())


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_other_formats_are_read(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(gradient()).save(tmp_path / f"photo.{suffix}", quality=95)
    rgb = load_photo(tmp_path / f"photo.{suffix}")
    assert np.abs(rgb.astype(int) - gradient()).mean() < 3
    rgb[0, 0] = 0  # writable


def test_exif_orientation_is_respected(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees to see it upright
    Image.fromarray(gradient()).save(tmp_path / "phone.png", exif=exif)
    assert np.array_equal(load_photo(tmp_path / "phone.png"), np.rot90(gradient(), -1))


def test_grey_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    Image.new("L", (5, 4), 77).save(tmp_path / "grey.png")
    assert np.all(load_photo(tmp_path / "grey.png") == 77)
    Image.new("RGBA", (5, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert np.all(load_photo(tmp_path / "clear.png") == 255)


def test_a_missing_photo(tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        load_photo(tmp_path / "nobody.png")
    assert caught.value.error_id == "photo-not-found"


@pytest.mark.parametrize("kind", ["empty", "text", "cut"])
def test_a_broken_photo(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50, 3), np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"hello", "cut": whole[: len(whole) // 2]}[kind])
    with pytest.raises(ConfappError) as caught:
        load_photo(path)
    assert caught.value.error_id == "photo-unreadable"


@pytest.mark.parametrize("side", [7100, 10_000, 14_000])  # our limit, Pillow's warning, its error
def test_a_huge_photo_is_refused(tmp_path: Path, side: int) -> None:
    assert side * side > photo.MAX_PIXELS
    Image.new("1", (side, side)).save(tmp_path / "huge.png")
    with pytest.raises(ConfappError) as caught:
        load_photo(tmp_path / "huge.png")
    assert caught.value.error_id == "photo-too-large"
