"""What grids of renderings show, as JSON and as Markdown; the same bytes for the same scores."""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

from confapp.evaluation.folder_clip import ClipNote
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import MEANINGS, GridRow, RenderingGrid
from confapp.evaluation.report import (
    SOURCE_NOTE,
    model_facts,
    model_line,
    network_lines,
    note_lines,
)
from confapp.evaluation.summary import DIGITS, median_over_people
from models.talking_head import TalkingHead

RULE = "mean over a person's renderings, then median over people"
CSIM_PHOTOS = "csim_photos"
ROW_MEANINGS = {
    CSIM_PHOTOS: "CSIM of the source and the first frame of the driver's clip, to begin with",
    "mouth": "correlation of the mouth opening with the driver's, over the columns",
    "eyes": "correlation of the eye opening with the driver's, over the columns",
}


def grid_report(
    task: str,
    head: TalkingHead,
    metrics: PictureMetrics,
    grids: Sequence[RenderingGrid],
    *,
    notes: Sequence[ClipNote] = (),
    remarks: Sequence[str] = (),
    **settings: object,
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        task: the command's name.
        grids: one at least, all of one kind.
        notes: on the files read.
        remarks: sentences that go before the tables.
        settings: what else tells this run from others.
    """
    needs_networks = [reason for reason in metrics.left_out if reason.startswith("csim")]
    if task == "transfer" and metrics.landmarks is None:
        needs_networks.append("mouth and eyes: need --landmarks FILE")
    rows = [row for grid in grids for row in grid.rows]
    return {
        "task": task,
        "model": model_facts(head),
        "source": SOURCE_NOTE,
        "rule": RULE,
        **settings,
        "remarks": list(remarks),
        "meanings": {name: text for name, text in _meanings().items() if _known(rows, name)},
        "networks": {option: network.facts() for option, network in metrics.networks.items()},
        "left_out": needs_networks,
        "notes": [note.facts() for note in notes],
        "summary": {
            name: median_over_people([(row.source.person, _value(row, name)) for row in rows], name)
            for name in _meanings()
            if _known(rows, name)
        },
        "grids": [_grid(grid) for grid in grids],
    }


def grid_markdown(facts: Mapping[str, Any]) -> str:
    """Tables of a report."""
    lines = [
        f"# {str(facts['task']).capitalize()}",
        "",
        f"{model_line(facts)} Source: {facts['source']}. Figures: {facts['rule']}. "
        "All renderings are synthesised.",
        "",
        *(line for remark in facts["remarks"] for line in (f"- {remark}", "")),
        *("| | | people |", "|---|---:|---:|"),
    ]
    for name, figure in facts["summary"].items():
        lines.append(
            f"| {name}: {facts['meanings'][name]} | {_cell(figure[name])} | {figure['people']} |"
        )
    for grid in facts["grids"]:
        names = list(grid["rows"][0]["means"])
        lines += ["", f"## {grid['title']}", ""]
        lines += [f"| person | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
        lines += [
            f"| {row['person']} | {' | '.join(_cell(row['means'][name]) for name in names)} |"
            for row in grid["rows"]
        ]
        columns = grid["columns"]
        lines += ["", f"| median over people | {' | '.join(columns)} |"]
        lines.append("|---|" + "---:|" * len(columns))
        lines += [
            f"| {name} | {' | '.join(_cell(value) for value in values)} |"
            for name, values in grid["by_column"].items()
        ]
    return "\n".join([*lines, *note_lines(facts), *network_lines(facts)]) + "\n"


def _meanings() -> dict[str, str]:
    return MEANINGS | ROW_MEANINGS


def _known(rows: Sequence[GridRow], name: str) -> bool:
    return any(_value(row, name) is not None for row in rows)


def _value(row: GridRow, name: str) -> float | None:
    """A figure of one row: the mean of a score over its cells, or the row's own."""
    if name == CSIM_PHOTOS:
        return row.csim_photos
    if name in ROW_MEANINGS:
        figure: float | None = getattr(row.expression, name, None)
        return figure
    values = [cell.scores[name] for cell in row.cells if name in cell.scores]
    return fmean(values) if values else None


def _grid(grid: RenderingGrid) -> dict[str, Any]:
    names = [name for name in _meanings() if _known(grid.rows, name)]
    of_cells = [name for name in names if name in grid.rows[0].cells[0].scores]
    return {
        "sheet": f"{grid.name}.png",
        "title": grid.title,
        "columns": list(grid.columns),
        "by_column": {
            name: [
                _rounded(median(row.cells[column].scores[name] for row in grid.rows))
                for column in range(len(grid.columns))
            ]
            for name in of_cells
        },
        "rows": [
            {
                "clip": row.source.clip.name,
                "person": row.source.person,
                "means": {name: _rounded(_value(row, name)) for name in names},
                "cells": {
                    name: [_rounded(cell.scores[name]) for cell in row.cells] for name in of_cells
                },
            }
            for row in grid.rows
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
