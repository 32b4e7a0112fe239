"""Corrections that show little by little."""

import numpy as np
import pytest

from models.flow_correction import FEATURES, GRID, FlowCorrection
from receiver.eased_correction import EASE_MS, EasedCorrection

SIDE = 64
PICTURE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
AT = np.array([0, 0, 0, 0, 0, 0.1])
SHAPE = (FEATURES, 2, GRID, GRID)


def rightwards(pixels: float) -> FlowCorrection:
    coefficients = np.zeros(SHAPE)
    coefficients[5, 0] = pixels * 2 / SIDE / 0.1
    return FlowCorrection(coefficients)


def way(eased: EasedCorrection, timestamp_ms: int) -> float:
    """By how many pixels a slope is moved."""
    slope = np.repeat(np.arange(SIDE, dtype=np.uint8)[None, :, None] * 4, SIDE, 0).repeat(3, 2)
    shown = eased.corrected(slope, AT, timestamp_ms)
    return float((shown.astype(float) - slope)[8:-8, 8:-8].mean()) / 4


def test_nothing_is_corrected_at_first() -> None:
    assert EasedCorrection().corrected(PICTURE, AT, 0) is PICTURE


def test_it_shows_little_by_little_and_then_whole() -> None:
    eased = EasedCorrection()
    assert way(eased, 0) == 0
    eased.take(rightwards(1.0))
    assert way(eased, 0) == 0
    early = way(eased, 40)
    assert 0 < early < 0.3
    ways = [way(eased, 40 + round(EASE_MS / 4 * step)) for step in range(1, 24)]
    assert ways == sorted(ways)
    assert ways[-1] == pytest.approx(1, abs=0.1)


def test_before_the_first_picture_there_is_nothing_to_ease() -> None:
    eased = EasedCorrection()
    eased.take(rightwards(1.0))
    assert way(eased, 0) == pytest.approx(1, abs=0.01)


def test_after_a_hole_it_shows_at_once() -> None:
    eased = EasedCorrection()
    way(eased, 0)
    eased.take(rightwards(1.0))
    assert way(eased, round(EASE_MS * 5)) == pytest.approx(1, abs=0.01)


def test_time_that_goes_back_is_no_time() -> None:
    eased = EasedCorrection()
    way(eased, 1000)
    eased.take(rightwards(1.0))
    assert way(eased, 0) == 0
