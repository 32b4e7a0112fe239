"""How long work takes on a device, with its end waited for."""

import time
from collections.abc import Callable
from dataclasses import asdict

import torch

from confapp.benchmark.stage_time import StageTime, time_stage

Clock = Callable[[], float]


def finish(device: torch.device) -> None:
    """Wait for all that the device was told to do; a CPU has done it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def to_its_end(work: Callable[[], object], device: torch.device) -> Callable[[], None]:
    """Work that is done when it returns."""

    def run() -> None:
        work()
        finish(device)

    return run


def timed(work: Callable[[], object], device: torch.device, seconds: float) -> dict[str, float]:
    """Milliseconds of some work, repeated for about so long: `StageTime` without its name."""
    time: StageTime = time_stage("", to_its_end(work, device), seconds)
    figures: dict[str, float] = asdict(time)
    del figures["stage"]
    return figures


def device_ms(
    work: Callable[[], object], device: torch.device, stream: torch.cuda.Stream | None, runs: int
) -> float:
    """Milliseconds between CUDA events around runs that follow each other, by their number.

    No run's end is waited for, so this is the device's time where it is the slower one.

    Args:
        stream: where the work runs; None for the current one.
    """
    stream = stream or torch.cuda.current_stream(device)
    work()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    finish(device)
    start.record(stream)
    for _ in range(runs):
        work()
    end.record(stream)
    end.synchronize()
    between: float = start.elapsed_time(end)
    return round(between / runs, 4)


def seconds_of(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """How long some work takes once."""
    start = clock()
    work()
    return round(clock() - start, 3)
