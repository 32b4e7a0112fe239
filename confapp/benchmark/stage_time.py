"""How long one stage of the road takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WARM_UPS = 3
LEAST_RUNS = 3
MS = 1000


@dataclass(frozen=True, slots=True)
class StageTime:
    """Durations of a stage, in milliseconds.

    Attributes:
        stage: its name.
        runs: how many were measured.
        ms_best: a tenth of the runs are faster: what the stage takes when nothing else runs.
        ms_p50, ms_p95: median, and what 19 of 20 stay below.
        ms_cpu: median of the processor time of all threads; it hardly depends on what else runs.
    """

    stage: str
    runs: int
    ms_best: float
    ms_p50: float
    ms_p95: float
    ms_cpu: float

    @property
    def fps(self) -> float:
        """Runs a second at the median."""
        return round(MS / self.ms_p50, 2)


def time_stage(
    stage: str,
    work: Callable[[], object],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    processor: Callable[[], float] = time.process_time,
) -> StageTime:
    """Run some work for about so long, after runs that do not count."""
    for _ in range(WARM_UPS):
        work()
    durations: list[float] = []
    worked: list[float] = []
    end = clock() + seconds
    while len(durations) < LEAST_RUNS or clock() < end:
        start, began = clock(), processor()
        work()
        durations.append(clock() - start)
        worked.append(processor() - began)
    best, median, high = (round(float(q) * MS, 3) for q in np.percentile(durations, (10, 50, 95)))
    cpu = round(float(np.median(worked)) * MS, 3)
    return StageTime(stage, len(durations), best, median, high, cpu)
