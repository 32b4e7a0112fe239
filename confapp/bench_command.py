"""What `confapp bench` prints."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from confapp.benchmark.run import BASELINE, BenchmarkFigures, BenchmarkOptions, run_benchmark
from confapp.benchmark.stage_time import StageTime
from confapp.doctor import machine
from confapp.errors import ConfappError

CALL_FIGURES = (
    "captured",
    "rendered",
    "fps",
    "latency_ms_p50",
    "latency_ms_p95",
    "thinned",
    "quality_step",
    "sender_loop_lag_ms_p99",
    "receiver_loop_lag_ms_p99",
)


def bench(options: BenchmarkOptions, json_file: Path | None) -> None:
    """Measure, print a table, and write the figures.

    Raises:
        ConfappError: the model cannot be opened, the call failed, or the file cannot be written.
    """
    try:  # before the work, not after it
        if json_file is not None:
            json_file.touch()
    except OSError as error:
        raise ConfappError(
            "file-unwritable",
            f"{json_file} cannot be written ({error.strerror}); choose another place.",
        ) from error
    figures = run_benchmark(options, lambda what: print(f"... {what}", file=sys.stderr))
    _print(figures)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(figures), indent=1) + "\n")


def as_json(figures: BenchmarkFigures) -> dict[str, Any]:
    """All figures, the ratios worked out."""
    numbers: dict[str, Any] = {"machine": machine()} | asdict(figures)
    plan = figures.plan
    numbers["plan"] = {
        "runtime": plan.runtime,
        "precision": str(plan.precision),
        "reason": plan.reason,
    }
    for name in ("engine", "eager", "baseline"):
        times: list[StageTime] = getattr(figures, name)
        numbers[name] = {time.stage: asdict(time) | {"fps": time.fps} for time in times}
    numbers["times_the_baseline"] = figures.times_the_baseline
    numbers["times_the_baseline_cpu"] = figures.times_the_baseline_cpu
    if figures.memory is not None:
        numbers["memory"]["percent"] = figures.memory.percent
    return numbers


def _print(figures: BenchmarkFigures) -> None:
    plan = figures.plan
    table = Table(title=f"{figures.model}, {plan.precision}, {figures.threads} threads")
    for column in ("stage", "by", "ms, best", "ms, median", "ms, 95 %", "ms of CPU", "a second"):
        table.add_column(column, justify="left" if column in ("stage", "by") else "right")
    for by, times in (
        ("engine", figures.engine),
        ("as written, fp32", figures.eager),
        (f"{BASELINE} as written, fp32", figures.baseline),
    ):
        for time in times:
            shown = (f"{ms:.1f}" for ms in (time.ms_best, time.ms_p50, time.ms_p95, time.ms_cpu))
            table.add_row(time.stage, by, *shown, f"{time.fps:.1f}")
    Console().print(table)
    rates = ", ".join(f"{rate:.0f} in {name}" for name, rate in figures.matrix_gflops.items())
    lines = [
        f"plan        {plan.precision} by {plan.runtime}, since {plan.reason}",
        f"ceiling     a 4096x4096 matrix product, GFLOP/s: {rates}",
        f"render      {figures.times_the_baseline} times the frames of {BASELINE} as written "
        f"({figures.times_the_baseline_cpu} by CPU time)",
    ]
    if (agreement := figures.agreement) is not None:
        lines.append(
            f"agreement   {agreement.psnr_db:.1f} dB with fp32 as written, on pictures whose "
            f"standard deviation is {agreement.reference_deviation:.2f}"
        )
    if (memory := figures.memory) is not None:
        lines.append(
            f"memory      {memory.before_mib:.0f} MiB, {memory.percent:+.1f} % after "
            f"{memory.frames} frames"
        )
    if figures.call is not None:
        call = figures.call
        lines += [f"call        {name} {call[name]}" for name in CALL_FIGURES]
    print("\n".join(lines))
