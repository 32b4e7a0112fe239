"""The picture to look at is bounded and shows all of the run."""

import numpy as np
import pytest
import tiny_shards
from PIL import Image

from confapp.dataset.contact_sheet import CAPTION, CELL, COLUMNS, FRAMES, MOST_CLIPS, ContactSheet
from models.training.data.shard_writer import WrittenClip


def clip(number: int, landmarks: bool = False) -> WrittenClip:
    levels = (number % 200, 220, 90, 240)
    points = np.full((4, 68, 2), tiny_shards.SIDE / 2)
    return WrittenClip(
        name=f"clip{number}",
        person="somebody",
        source="made up",
        pictures=[tiny_shards.webp(level) for level in levels],
        times=np.arange(4.0),
        angles=np.array([[10.0, -5.0, 1.0]] * 4),
        landmarks=points if landmarks else None,
    )


def sheet_of(clips: list[WrittenClip]) -> Image.Image:
    sheet = ContactSheet()
    for one in clips:
        sheet.add(one)
    picture = sheet.picture()
    assert picture is not None
    return picture


def test_first_middle_and_last_frame() -> None:
    picture = sheet_of([clip(50)])
    assert picture.size == (FRAMES * CELL, CELL + 2 * CAPTION)
    row = CAPTION + CELL // 2
    seen = [picture.getpixel((j * CELL + CELL // 2, row)) for j in range(FRAMES)]
    for pixel, level in zip(seen, (50, 90, 240), strict=True):
        assert pixel == pytest.approx((level,) * 3, abs=1)


def test_landmarks_are_drawn() -> None:
    picture = sheet_of([clip(50, landmarks=True)])
    assert picture.getpixel((CELL // 2, CAPTION + CELL // 2)) == (0, 255, 0)


@pytest.mark.parametrize("count", [MOST_CLIPS, MOST_CLIPS + 1, 1000])
def test_many_clips_are_spread_evenly(count: int) -> None:
    picture = sheet_of([clip(1)] * count)
    rows = -(-MOST_CLIPS // COLUMNS)
    assert picture.width == COLUMNS * FRAMES * CELL
    assert rows // 2 <= picture.height / (CELL + 2 * CAPTION) <= rows


def test_nothing() -> None:
    assert ContactSheet().picture() is None
