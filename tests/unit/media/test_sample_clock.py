"""Even times from uneven readings."""

import random

import pytest

from confapp.media.sample_clock import JUMP_S, SampleClock

RATE, BLOCK = 16_000, 160


def test_uneven_readings_give_even_times_that_follow_a_sound_card_that_is_off() -> None:
    clock, chances = SampleClock(RATE), random.Random(1)  # noqa: S311
    true_rate = RATE * (1 + 80e-6)
    errors, steps, before = [], [], 0.0
    for number in range(60_000):  # ten minutes
        began = number * BLOCK / true_rate
        stamped = clock.stamp(BLOCK, began + BLOCK / RATE + chances.uniform(0, 0.01))
        errors.append(stamped - began)
        steps.append(stamped - before - BLOCK / RATE)
        before = stamped
    assert all(0 < error < 0.01 for error in errors[1000:])
    assert max(abs(step) for step in steps[1000:]) < 0.0002


def test_a_gap_is_taken_over_at_once() -> None:
    clock = SampleClock(RATE)
    clock.stamp(BLOCK, 1.0)
    late = 1.0 + JUMP_S + 0.1
    assert clock.stamp(BLOCK, late) == pytest.approx(late - BLOCK / RATE)
