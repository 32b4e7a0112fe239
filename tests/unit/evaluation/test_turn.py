"""Heads turned by a model that does not turn them, and by one that could."""

from collections.abc import Callable

import numpy as np
import pytest
from tiny_models import lively, tiny

from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import ANGLE, CSIM_DRIVER, CSIM_SOURCE, RECOGNISED
from confapp.evaluation.turn import YAW_OFFSETS, turn
from models.talking_head import TalkingHead

Perform = Callable[[TalkingHead, PictureMetrics], list[Performer]]


def test_a_head_that_stays_is_off_by_the_offset(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    people = perform(frozen_head, all_metrics)
    rows: list[int] = []
    grid = turn(frozen_head, all_metrics, people, advance=lambda: rows.append(1))
    assert len(grid.rows) == len(rows) == 3
    assert list(grid.columns) == [
        *("yaw -30", "yaw -20", "yaw -10", "yaw 0", "yaw +10", "yaw +20", "yaw +30")
    ]
    for row in grid.rows:
        angles = [cell.scores[ANGLE] for cell in row.cells]
        assert angles == pytest.approx([abs(yaw) for yaw in YAW_OFFSETS], abs=0.05)
        assert [cell.scores[CSIM_SOURCE] for cell in row.cells] == pytest.approx([1] * 7)
        assert {cell.scores[RECOGNISED] for cell in row.cells} == {1}
        assert CSIM_DRIVER not in row.cells[0].scores


def test_offsets_reach_the_renderer(perform: Perform) -> None:
    head = lively(tiny("lite-256"))
    (row, *_) = turn(head, PictureMetrics(), perform(head, PictureMetrics())).rows
    pictures = [cell.look.picture.astype(int) for cell in row.cells]
    own = head.render(row.source.appearance, row.source.appearance.motion)
    assert (pictures[3] == own).all()
    assert all(np.abs(picture - own).max() > 0 for picture in (*pictures[:3], *pictures[4:]))
