"""A picture of what was made, to look at before training on it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from models.training.data.shard_writer import WrittenClip

MOST_CLIPS = 120
CELL = 128  # pixels
CAPTION = 14  # pixels, two of them a row
COLUMNS = 4  # clips
FRAMES = 3  # first, middle, last
DOT = 1  # pixels, half the side of a landmark
COLOUR = (0, 255, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """Three frames of one clip."""

    title: str
    pictures: Sequence[Image.Image]
    captions: Sequence[str]


class ContactSheet:
    """First, middle and last frame of each clip with yaw, pitch, roll and landmarks.

    Of many clips it keeps every second, fourth, ..., so that it never holds more than `MOST_CLIPS`,
    spread evenly over all.
    """

    def __init__(self) -> None:
        self._strips: list[_Strip] = []
        self._clips = 0
        self._every = 1

    def add(self, clip: WrittenClip) -> None:
        """Take a clip, or pass over it."""
        if self._clips % self._every == 0:
            if len(self._strips) == MOST_CLIPS:
                self._strips = self._strips[::2]
                self._every *= 2
            if self._clips % self._every == 0:
                self._strips.append(_strip(clip))
        self._clips += 1

    def picture(self) -> Image.Image | None:
        """Rows of `COLUMNS` clips; at most 1536x4680. None without a clip."""
        if not self._strips:
            return None
        width, height = FRAMES * CELL, CELL + 2 * CAPTION
        columns = min(COLUMNS, len(self._strips))
        rows = -(-len(self._strips) // columns)
        sheet = Image.new("RGB", (columns * width, rows * height))
        pen = ImageDraw.Draw(sheet)
        for i, strip in enumerate(self._strips):
            left, top = i % columns * width, i // columns * height
            pen.text((left + 2, top + 1), strip.title, fill="white")
            for j, picture in enumerate(strip.pictures):
                sheet.paste(picture, (left + j * CELL, top + CAPTION))
                pen.text(
                    (left + j * CELL + 2, top + CAPTION + CELL + 1), strip.captions[j], fill="white"
                )
        return sheet


def _strip(clip: WrittenClip) -> _Strip:
    frames = (0, len(clip) // 2, len(clip) - 1)
    return _Strip(
        f"{clip.name}, {len(clip)} frames, {clip.person}"[: FRAMES * CELL // 6],
        [_small(clip, frame) for frame in frames],
        ["{:+.0f} {:+.0f} {:+.0f}".format(*clip.angles[frame]) for frame in frames],
    )


def _small(clip: WrittenClip, frame: int) -> Image.Image:
    with Image.open(io.BytesIO(clip.pictures[frame])) as opened:
        picture = opened.convert("RGB")
    scale = CELL / picture.width
    picture = picture.resize((CELL, CELL), Image.Resampling.BOX)
    if clip.landmarks is not None:
        pen = ImageDraw.Draw(picture)
        for x, y in (clip.landmarks[frame] * scale).tolist():
            pen.rectangle((x - DOT / 2, y - DOT / 2, x + DOT / 2, y + DOT / 2), fill=COLOUR)
    return picture
