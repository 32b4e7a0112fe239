"""Durations on a clock of the test's own."""

import itertools

import pytest

from confapp.benchmark.stage_time import LEAST_RUNS, time_stage


class Clock:
    """Work takes what it is told to."""

    def __init__(self, durations: list[float]) -> None:
        self.now = 0.0
        self._durations = itertools.cycle(durations)

    def work(self) -> None:
        self.now += next(self._durations)

    def __call__(self) -> float:
        return self.now


def test_percentiles() -> None:
    """One run in three takes twice as long; half of the time the processor works for it."""
    clock = Clock([0.010, 0.010, 0.020])
    time = time_stage("render", clock.work, 2.9, clock, lambda: clock.now / 2)
    assert time.runs == pytest.approx(2.9 / 0.04 * 3, abs=2)
    assert [time.ms_best, time.ms_p50, time.ms_p95] == pytest.approx([10, 10, 20])
    assert time.ms_cpu == pytest.approx(5)
    assert time.fps == pytest.approx(100)


def test_slow_work_is_measured_a_few_times() -> None:
    clock = Clock([5.0])
    time = time_stage("render", clock.work, seconds=1.0, clock=clock)
    assert time.runs == LEAST_RUNS
    assert time.fps == pytest.approx(0.2)
