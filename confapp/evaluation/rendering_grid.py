"""Renderings in a table, a person a row, with what is to be said of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from confapp.evaluation.expression import Expression
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.head_angle import Rotation, angle_between, head_rotation
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import Look, Scores
from confapp.evaluation.picture_sheet import SheetRow, picture_sheet
from confapp.media.face_detector import FaceDetector
from confapp.media.video_frame import RgbImage
from models.talking_head import TalkingHead

# Scores of a cell; those of CSIM only where its networks are given.
CSIM_SOURCE = "csim_source"
CSIM_DRIVER = "csim_driver"
RECOGNISED = "recognised"
ANGLE = "angle_by_own_encoder"
ANGLE_UNMOVED = "angle_unmoved_by_own_encoder"
ANGLE_MESH = "angle_by_face_mesh"
GOOD_IDENTITY = "good_identity"
GOOD_ANGLE = "good_angle"
GOOD = "good"
MEANINGS = {
    CSIM_SOURCE: "CSIM of the rendering and the source",
    CSIM_DRIVER: "CSIM of the rendering and the first frame of the driver's clip",
    RECOGNISED: "share of renderings that are more like their source than like anybody else here",
    ANGLE: "degrees between the head pose asked for and the one that the model's own encoder, "
    "which is no independent judge, finds in the rendering",
    ANGLE_UNMOVED: "the same, had the source stayed as it is",
    ANGLE_MESH: "degrees between the head pose asked for and that of the rendering's face mesh",
    GOOD_IDENTITY: "share of renderings whose CSIM with the source is that of one person",
    GOOD_ANGLE: "share of renderings within 15 degrees of the pose asked for, by the face mesh",
    GOOD: "share of renderings that are good in both",
}


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One rendering.

    Attributes:
        look: the picture, and what the networks see in it.
        scores: by name, as in `MEANINGS`; `recognised` is 1 or 0.
    """

    look: Look
    scores: Scores


@dataclass(frozen=True, slots=True, eq=False)
class GridRow:
    """One person over all columns.

    Attributes:
        source: the person.
        cells: a rendering a column.
        expression: whether it follows the columns' own, where landmarks are found.
        csim_photos: CSIM of source and driver to begin with.
    """

    source: Performer
    cells: list[Cell]
    expression: Expression | None = None
    csim_photos: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RenderingGrid:
    """A table of renderings.

    Attributes:
        name: of the sheet's file, without its ending.
        title: what it is, as a line.
        columns: their headings.
        rows: a person each.
        drivers: the pictures above the columns, if there are any.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: list[GridRow] = field(default_factory=list)
    drivers: Sequence[RgbImage] = ()

    def sheet(self) -> Image.Image:
        """First column the sources; first row the drivers, if there are any."""
        rows = [
            SheetRow(
                [_name(row.source), *map(_caption, self.columns, row.cells)],
                [row.source.picture, *(cell.look.picture for cell in row.cells)],
            )
            for row in self.rows
        ]
        if not self.drivers:
            return picture_sheet(f"{self.title}; first column as filmed", rows)
        rows.insert(0, SheetRow(["", *self.columns], [None, *self.drivers]))
        return picture_sheet(f"{self.title}; first row and column as filmed", rows)


class FaceFinder:
    """Where the face is in a rendering: it need not be where it should."""

    def __init__(self) -> None:
        self._detector = FaceDetector()

    def place(self, picture: RgbImage, expected: FacePlace) -> FacePlace:
        """The largest face's, or the one expected where none is found."""
        faces = self._detector.detect(picture)
        return FacePlace.of_box(faces[0]) if faces else expected


def score(
    head: TalkingHead,
    look: Look,
    asked: Rotation,
    *,
    source: Performer,
    people: Sequence[Performer],
    driver: Performer | None = None,
) -> Cell:
    """Measure one rendering.

    Args:
        look: the rendering.
        asked: the head pose that it should show.
        source: whom it should show.
        people: everybody it could be mixed up with.
        driver: who moves the source, if it is another person.
    """
    found = head_rotation(head.encode_motion(look.picture))
    scores = {
        ANGLE: angle_between(found, asked),
        ANGLE_UNMOVED: angle_between(head_rotation(source.appearance.motion), asked),
    }
    own = source.likeness(look.embedding)
    if own is not None:
        scores[CSIM_SOURCE] = own
        others = [one.likeness(look.embedding) for one in people if one is not source]
        scores[RECOGNISED] = float(all(own > other for other in others if other is not None))
        other = driver.likeness(look.embedding) if driver else None
        if other is not None:
            scores[CSIM_DRIVER] = other
    return Cell(look, scores)


def _name(source: Performer) -> str:
    clip = source.clip
    return clip.name if clip.name == clip.person else f"{clip.name}, person {clip.person}"


def _caption(column: str, cell: Cell) -> str:
    likeness = cell.scores.get(CSIM_SOURCE)
    return column if likeness is None else f"{column}   csim {likeness:.2f}"
