"""Pictures in rows under captions: one picture of bounded size that says what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from confapp.media.synthesis_mark import MARK
from confapp.media.video_frame import RgbImage

CELL = 256  # pixels, where so many fit
MAX_SIDE = 3072  # pixels of the sheet, as long as cells keep MIN_CELL
MIN_CELL = 48  # pixels
CAPTION = 16  # pixels, above each row and above all


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One row.

    Attributes:
        captions: one a picture, above it; a single one may be as long as the row.
        pictures: square, from left to right; None leaves a cell empty.
    """

    captions: Sequence[str]
    pictures: Sequence[RgbImage | None]


def picture_sheet(title: str, rows: Sequence[SheetRow]) -> Image.Image:
    """Lay out at least one row; cells shrink where 256 pixels each would be too many.

    Args:
        title: what the renderings are; the mark that they are synthesised goes before it.
    """
    columns = max(len(row.pictures) for row in rows)
    room = min(MAX_SIDE // columns, (MAX_SIDE - CAPTION) // len(rows) - CAPTION)
    cell = max(MIN_CELL, min(CELL, room))
    sheet = Image.new("RGB", (cell * columns, CAPTION + (cell + CAPTION) * len(rows)))
    pen = ImageDraw.Draw(sheet)
    pen.text((2, 2), f"{MARK.upper()}: {title}", fill="yellow")
    for index, row in enumerate(rows):
        top = CAPTION + index * (cell + CAPTION)
        for column, caption in enumerate(row.captions):
            left = column * cell
            pen.rectangle((left, top, sheet.width, top + CAPTION), "black")  # ends a long one
            pen.text((left + 2, top + 2), caption, fill="white")
        for column, picture in enumerate(row.pictures):
            if picture is not None:
                shown = Image.fromarray(picture).resize((cell, cell))
                sheet.paste(shown, (column * cell, top + CAPTION))
    return sheet
