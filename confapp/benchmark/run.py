"""All figures of `confapp bench`, in one run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from confapp.benchmark.demo_people import demo_pictures
from confapp.benchmark.memory import MemoryGrowth, memory_growth
from confapp.benchmark.stage_time import StageTime
from confapp.benchmark.stages import eager_stages, engine_stages, matrix_product
from confapp.errors import ConfappError
from models.config import CONFIGS
from models.engine_plan import EnginePlan
from models.engine_precision import FP32, Precision
from models.picture_agreement import PictureAgreement, picture_agreement
from models.talking_head import TalkingHead, find_checkpoint, random_checkpoint

BASELINE = "vox-256"  # the layers of the public implementation, in its own arithmetic
FRAMES = 10


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """What to measure.

    Attributes:
        model: configuration or weights file.
        untrained: take random weights where there are no trained ones.
        seconds: for each stage.
        frames: rendered for the memory figure; 0 leaves it out.
        call_seconds: length of the call; 0 leaves it out.
    """

    model: str
    untrained: bool = False
    seconds: float = 3.0
    frames: int = 0
    call_seconds: float = 0.0


@dataclass(slots=True)
class BenchmarkFigures:
    """What was measured.

    Attributes:
        plan: how the engine runs here.
        matrix_gflops: GFLOP/s of a 4096x4096 matrix product, by precision.
        engine, eager: stages of the model, by the engine and as written.
        baseline: stages of vox-256 as written.
        agreement: of the engine's pictures with the eager ones, on ten frames.
        memory: over many frames.
        call: figures of `confapp demo`.
    """

    model: str
    fingerprint: str
    trained: bool
    threads: int
    plan: EnginePlan
    matrix_gflops: dict[str, float] = field(default_factory=dict)
    engine: list[StageTime] = field(default_factory=list)
    eager: list[StageTime] = field(default_factory=list)
    baseline: list[StageTime] = field(default_factory=list)
    agreement: PictureAgreement | None = None
    memory: MemoryGrowth | None = None
    call: dict[str, Any] | None = None

    @property
    def times_the_baseline(self) -> float:
        """Frames a second of the engine over those of the baseline."""
        return self._times("ms_p50")

    @property
    def times_the_baseline_cpu(self) -> float:
        """The same by processor time."""
        return self._times("ms_cpu")

    def _times(self, measure: str) -> float:
        slow, fast = stage(self.baseline, "render"), stage(self.engine, "render")
        return round(float(getattr(slow, measure) / getattr(fast, measure)), 1)


def stage(times: list[StageTime], name: str) -> StageTime:
    """A stage by its name."""
    return next(time for time in times if time.stage == name)


def run_benchmark(options: BenchmarkOptions, tell: Callable[[str], None]) -> BenchmarkFigures:
    """Measure one thing after the other.

    Args:
        tell: takes what is being measured.

    Raises:
        ConfappError: the model cannot be opened, or the call failed.
    """
    checkpoint, trained = find_checkpoint(options.model, untrained=options.untrained)
    plan = TalkingHead(checkpoint, trained=trained).plan
    figures = BenchmarkFigures(
        checkpoint.config.name, checkpoint.fingerprint, trained, torch.get_num_threads(), plan
    )
    photo, frames = demo_pictures(checkpoint.config.image_size, FRAMES)
    half = options.seconds / 2
    tell("matrix products")
    for precision in (FP32, Precision(plan.precision.dtype)):  # of bytes torch has no product
        product = matrix_product(precision.dtype, plan.device, half)
        figures.matrix_gflops[str(precision)] = product
    tell(f"{figures.model} by the engine")
    figures.engine = engine_stages(
        checkpoint, plan, photo, frames[0], options.seconds, trained=trained
    )
    tell(f"{figures.model} as written, fp32")
    figures.eager = eager_stages(checkpoint, plan.device, photo, frames[0], options.seconds)
    tell(f"{BASELINE} as written, fp32")
    paper = random_checkpoint(CONFIGS[BASELINE])
    paper_photo, (paper_frame,) = demo_pictures(paper.config.image_size, 1)
    figures.baseline = eager_stages(paper, plan.device, paper_photo, paper_frame, options.seconds)
    del paper
    tell("agreement of the pictures")
    head = TalkingHead(checkpoint, trained=trained, plan=plan)
    figures.agreement = picture_agreement(head, checkpoint, photo, frames)
    if options.frames:
        tell(f"memory over {options.frames} frames")
        motions = [head.encode_motion(frame) for frame in frames]
        figures.memory = memory_growth(head, head.encode_source(photo), motions, options.frames)
    if options.call_seconds:
        tell(f"a call of {options.call_seconds:g} s")
        figures.call = _call(options.model, options.call_seconds)
    return figures


def _call(model: str, seconds: float) -> dict[str, Any]:
    """The figures of `confapp demo`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        options = [
            "--model",
            model,
            "--seconds",
            f"{seconds}",
            "--out",
            folder,
            "--json",
            str(file),
        ]
        command = [sys.executable, "-m", "confapp", "demo", *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode != 0:
            raise ConfappError("bench-call-failed", f"The call failed: {ended.stderr[-500:]}")
        figures: dict[str, Any] = json.loads(file.read_text())
        return figures
