"""Where pictures stand in a sheet, and how large it becomes."""

import numpy as np

from confapp.evaluation.picture_sheet import (
    CAPTION,
    CELL,
    MAX_SIDE,
    SheetRow,
    picture_sheet,
)
from confapp.media.video_frame import RgbImage


def colour(red: int, green: int, blue: int) -> RgbImage:
    return np.full((16, 16, 3), (red, green, blue), np.uint8)


def test_pictures_stand_in_rows_below_a_title() -> None:
    red, green = colour(255, 0, 0), colour(0, 255, 0)
    sheet = picture_sheet("title", [SheetRow([], [None, red]), SheetRow([], [green, None])])
    assert sheet.size == (2 * CELL, CAPTION + 2 * (CELL + CAPTION))
    pixels = np.asarray(sheet)
    first, second = 2 * CAPTION, 3 * CAPTION + CELL
    assert (pixels[first : first + CELL, CELL:] == (255, 0, 0)).all()
    assert (pixels[second : second + CELL, :CELL] == (0, 255, 0)).all()
    assert not pixels[first : first + CELL, :CELL].any()
    assert not pixels[second:, CELL:].any()


def test_title_and_captions_are_written() -> None:
    black = colour(0, 0, 0)
    plain = np.asarray(picture_sheet("", [SheetRow([], [black, black])]))
    written = np.asarray(picture_sheet("title", [SheetRow(["one", "two"], [black, black])]))
    assert plain[:CAPTION].any()  # the mark is there without a title
    assert (written[:CAPTION] != plain[:CAPTION]).any()
    assert written[CAPTION : 2 * CAPTION, :CELL].any()
    assert written[CAPTION : 2 * CAPTION, CELL:].any()
    assert not plain[CAPTION:].any()


def test_a_long_caption_ends_where_the_next_begins() -> None:
    black = colour(0, 0, 0)
    alone = np.asarray(picture_sheet("", [SheetRow(["long " * 40], [black, black])]))
    followed = np.asarray(picture_sheet("", [SheetRow(["long " * 40, ""], [black, black])]))
    assert alone[CAPTION:, CELL + 2 :].any()
    assert not followed[CAPTION:, CELL + 2 :].any()


def test_many_pictures_are_small() -> None:
    row = SheetRow(["caption"], [colour(9, 9, 9)] * 9)
    sheet = picture_sheet("title", [row] * 25)
    assert max(sheet.size) <= MAX_SIDE
    assert sheet.width >= 9 * 64
