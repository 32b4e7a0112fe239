"""The guided source shot."""

import dataclasses

import numpy as np
import pytest

from confapp.page.face_measure import FaceMeasure
from confapp.page.source_guide import HOLD_S, SENTENCES, Hint, SourceGuide

GOOD = FaceMeasure(
    yaw=1.0, pitch=-2.0, roll=0.5, mouth=0.01, eyes=0.055, sharpness=0.6, light=150.0, shade=0.9,
    inside=1.0, size=0.8,
)  # fmt: skip


def hint_of(**changes: float | None) -> Hint:
    return SourceGuide(256).look(dataclasses.replace(GOOD, **changes), 0.0).hint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({}, Hint.HOLD),
        ({"size": 1.4}, Hint.MOVE_BACK),
        ({"inside": 0.8}, Hint.CENTRE),
        ({"light": 20.0}, Hint.TOO_DARK),
        ({"light": 240.0}, Hint.TOO_BRIGHT),
        ({"shade": 0.3}, Hint.SIDE_LIGHT),
        ({"yaw": 20.0}, Hint.TURN_RIGHT),  # to the picture's right is to the person's left
        ({"yaw": -20.0}, Hint.TURN_LEFT),
        ({"pitch": 20.0}, Hint.CHIN_DOWN),
        ({"pitch": -20.0}, Hint.CHIN_UP),
        ({"roll": 15.0}, Hint.STRAIGHT),
        ({"roll": -15.0}, Hint.STRAIGHT),
        ({"sharpness": 0.02}, Hint.BLURRED),
        ({"mouth": 0.1}, Hint.MOUTH),
        ({"eyes": 0.01}, Hint.EYES),
        ({"mouth": None, "eyes": None}, Hint.HOLD),  # a model that does not say
        ({"yaw": 20.0, "light": 20.0}, Hint.TOO_DARK),  # one thing at a time
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, float | None], hint: Hint) -> None:
    assert hint_of(**changes) is hint


def test_every_hint_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Hint)


def test_it_waits_until_all_has_been_right_for_a_while() -> None:
    guide = SourceGuide(256)
    assert guide.look(GOOD, 10.0).progress == 0.0
    half = guide.look(GOOD, 10.0 + HOLD_S / 2)
    assert half.progress == pytest.approx(0.5)
    assert not half.done
    assert guide.look(GOOD, 10.0 + HOLD_S + 0.01).done


@pytest.mark.parametrize("between", [None, dataclasses.replace(GOOD, mouth=0.2)])
def test_a_fault_in_between_begins_the_wait_again(between: FaceMeasure | None) -> None:
    guide = SourceGuide(256)
    guide.look(GOOD, 0.0)
    assert not guide.look(between, 0.5).done
    assert guide.look(GOOD, HOLD_S + 0.1).progress == 0.0


def test_the_most_frontal_frame_at_rest_is_the_best() -> None:
    guide = SourceGuide(256)
    yaws = [6.0, 7.0, 2.0, 3.0, 0.5]
    looks = [guide.look(dataclasses.replace(GOOD, yaw=yaw), n / 10) for n, yaw in enumerate(yaws)]
    assert [look.best for look in looks] == [True, False, True, False, True]


def test_a_frame_that_was_not_right_is_never_the_best() -> None:
    guide = SourceGuide(256)
    assert not guide.look(None, 0.0).best
    assert not guide.look(dataclasses.replace(GOOD, yaw=30.0), 0.1).best
    assert guide.look(dataclasses.replace(GOOD, yaw=8.0), 0.2).best


def test_progress_never_leaves_its_range() -> None:
    guide = SourceGuide(256)
    for at in np.linspace(0, 5, 50):
        assert 0.0 <= guide.look(GOOD, float(at)).progress <= 1.0
