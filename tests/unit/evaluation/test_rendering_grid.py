"""The sheet of a grid."""

import numpy as np
import pytest
from tiny_models import lively, tiny

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.performer import Performer, one_each
from confapp.evaluation.picture_metrics import Look, PictureMetrics
from confapp.evaluation.picture_sheet import CAPTION, CELL
from confapp.evaluation.rendering_grid import Cell, FaceFinder, GridRow, RenderingGrid
from confapp.media.video_frame import RgbImage

SIDE = 64


def grey(level: int) -> RgbImage:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def clip(name: str, person: str, level: int) -> EvaluationClip:
    return EvaluationClip(name, person, [grey(level)], np.zeros((1, 68, 2)), np.arange(1))


@pytest.mark.parametrize("drivers", [[], [grey(10), grey(20)]])
def test_sources_stand_first_and_drivers_on_top(drivers: list[RgbImage]) -> None:
    source = Performer.of(clip("one", "p0", 90), lively(tiny("lite-256")), PictureMetrics())
    cells = [Cell(Look(grey(level), None, None, None), {}) for level in (150, 200)]
    grid = RenderingGrid("name", "title", ["a", "b"], [GridRow(source, cells)], drivers)
    sheet = np.asarray(grid.sheet())
    bottom = sheet[-CELL:]
    assert [int(bottom[:, left : left + CELL].mean()) for left in (0, CELL, 2 * CELL)] == [
        *(90, 150, 200)
    ]
    assert len(sheet) == CAPTION + (2 if drivers else 1) * (CELL + CAPTION)
    if drivers:
        top = sheet[2 * CAPTION : 2 * CAPTION + CELL]
        assert [int(top[:, left : left + CELL].mean()) for left in (0, CELL, 2 * CELL)] == [
            *(0, 10, 20)
        ]


def test_each_person_once_and_no_more_read_than_asked_for() -> None:
    read: list[str] = []

    def clips() -> object:
        for name, person in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "c")):
            read.append(name)
            yield clip(name, person, 0)

    assert [one.name for one in one_each(clips(), people=2)] == ["1", "3"]  # type: ignore[arg-type]
    assert read == ["1", "2", "3"]


def test_no_face_is_where_it_should_be() -> None:
    expected = FacePlace(1, 2, 3, 0)
    assert FaceFinder().place(grey(100), expected) == expected
