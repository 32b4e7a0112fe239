"""Transfer by models that are known: one shows the source always, one the driver."""

from collections.abc import Callable

import pytest

from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import (
    ANGLE,
    ANGLE_UNMOVED,
    CSIM_DRIVER,
    CSIM_SOURCE,
    RECOGNISED,
)
from confapp.evaluation.transfer import transfer
from models.talking_head import TalkingHead

Perform = Callable[[TalkingHead, PictureMetrics], list[Performer]]


def test_everybody_but_the_driver_over_the_drivers_frames(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    people = perform(frozen_head, all_metrics)
    rows: list[int] = []
    grid = transfer(
        frozen_head, all_metrics, people[1], people, relative=False, advance=lambda: rows.append(1)
    )
    assert grid.name == "transfer-ben"
    assert [row.source.person for row in grid.rows] == ["p-ada", "p-cleo"]
    assert len(rows) == 2
    assert list(grid.columns) == [f"frame {number}" for number in (0, 10, 20, 30, 40)]
    assert all(
        (shown == filmed).all()
        for shown, filmed in zip(grid.drivers, people[1].clip.frames, strict=True)
    )
    assert all(len(row.cells) == 5 for row in grid.rows)


def test_a_model_that_shows_the_source(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    people = perform(frozen_head, all_metrics)
    grid = transfer(frozen_head, all_metrics, people[0], people, relative=False)
    for row in grid.rows:
        for cell in row.cells:
            assert cell.scores[CSIM_SOURCE] == pytest.approx(1)
            assert cell.scores[RECOGNISED] == 1
            assert cell.scores[CSIM_DRIVER] == pytest.approx(row.csim_photos)
            assert cell.scores[ANGLE] == cell.scores[ANGLE_UNMOVED]
        assert any(cell.scores[ANGLE] > 0.1 for cell in row.cells)
        assert row.expression is not None
        assert row.expression.mouth is None  # it does not move


def test_a_model_that_shows_the_driver(
    mimic_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    people = perform(mimic_head, all_metrics)
    grid = transfer(mimic_head, all_metrics, people[2], people, relative=False)
    for row in grid.rows:
        for cell in row.cells:
            assert cell.scores[CSIM_DRIVER] > cell.scores[CSIM_SOURCE]
            assert cell.scores[RECOGNISED] == 0
            assert cell.scores[ANGLE] == pytest.approx(0, abs=0.05)
        assert row.expression is not None
        assert row.expression.mouth == pytest.approx(1)


def test_relative_motion_asks_one_frame_for_the_sources_own_pose(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    people = perform(frozen_head, all_metrics)
    for relative in (False, True):
        grid = transfer(frozen_head, all_metrics, people[0], people, relative=relative)
        least = [min(cell.scores[ANGLE_UNMOVED] for cell in row.cells) for row in grid.rows]
        most = [max(cell.scores[ANGLE_UNMOVED] for cell in row.cells) for row in grid.rows]
        assert min(most) > 0.1
        assert (max(least) < 0.05) == relative


def test_without_networks_only_the_angles(frozen_head: TalkingHead, perform: Perform) -> None:
    people = perform(frozen_head, PictureMetrics())
    grid = transfer(frozen_head, PictureMetrics(), people[0], people, relative=False)
    assert set(grid.rows[0].cells[0].scores) == {ANGLE, ANGLE_UNMOVED}
    assert grid.rows[0].expression is None
    assert grid.rows[0].csim_photos is None
