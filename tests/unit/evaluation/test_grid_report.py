"""Figures of a grid by hand."""

import json

import numpy as np
import pytest
from tiny_models import lively, tiny

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.expression import Expression
from confapp.evaluation.grid_report import grid_markdown, grid_report
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import Look, PictureMetrics
from confapp.evaluation.rendering_grid import ANGLE, CSIM_SOURCE, Cell, GridRow, RenderingGrid

HEAD = lively(tiny("lite-256"))
PICTURE = np.zeros((64, 64, 3), np.uint8)


def row(person: str, csim: list[float], mouth: float | None = None) -> GridRow:
    clip = EvaluationClip(person, person, [PICTURE], np.zeros((1, 68, 2)), np.arange(1))
    source = Performer.of(clip, HEAD, PictureMetrics())
    look = Look(PICTURE, None, None, None)
    cells = [Cell(look, {CSIM_SOURCE: value, ANGLE: 100 * value}) for value in csim]
    return GridRow(source, cells, Expression(mouth, 0.5, blinks=True, frames=2), csim_photos=0.1)


GRIDS = [
    RenderingGrid("one", "first", ["x", "y"], [row("a", [0.2, 0.4], 0.9), row("b", [0.6, 0.8])]),
    RenderingGrid("two", "second", ["x", "y"], [row("a", [0.5, 0.7], 0.5), row("c", [0.1, 0.1])]),
]


def test_figures() -> None:
    facts = grid_report("transfer", HEAD, PictureMetrics(), GRIDS, motion="absolute")
    assert json.loads(json.dumps(facts)) == facts
    assert facts["motion"] == "absolute"
    # a (0.3 + 0.6) / 2 = 0.45, b 0.7, c 0.1
    assert facts["summary"][CSIM_SOURCE][CSIM_SOURCE] == pytest.approx(0.45)
    assert facts["summary"][CSIM_SOURCE]["people"] == 3
    assert facts["summary"]["mouth"] == {"people": 1, "mouth": pytest.approx(0.7), "undefined": 2}
    first = facts["grids"][0]
    assert first["sheet"] == "one.png"
    assert first["by_column"][CSIM_SOURCE] == pytest.approx([0.4, 0.6])
    assert first["rows"][0]["cells"][ANGLE] == pytest.approx([20, 40])
    assert first["rows"][0]["means"]["mouth"] == 0.9
    assert first["rows"][1]["means"]["mouth"] is None
    assert set(facts["meanings"]) == set(facts["summary"])
    assert "csim_driver" not in facts["summary"]


def test_tables() -> None:
    facts = grid_report("transfer", HEAD, PictureMetrics(), GRIDS)
    tables = grid_markdown(facts)
    assert "| csim_source: CSIM of the rendering and the source | 0.450 | 3 |" in tables
    assert "## first" in tables
    assert "| a | 0.300 | 30.000 | 0.100 | 0.900 | 0.500 |" in tables
    assert "| b | 0.700 | 70.000 | 0.100 | - | 0.500 |" in tables
    assert "| csim_source | 0.400 | 0.600 |" in tables
    assert "All renderings are synthesised." in tables
    assert "left out: csim: needs" in tables
    assert "left out: mouth and eyes: need --landmarks FILE" in tables
    assert "lpips" not in tables
