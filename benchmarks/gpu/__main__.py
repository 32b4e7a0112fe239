"""The engine on a GPU: ceilings, single stream, many streams, agreement, roofline, memory.

    python3 -m benchmarks.gpu --json FILE [--seconds 0.3] [--models lite-256 vox-256 paper-512]

It needs torch, numpy, OpenCV and safetensors alone. With `--device cpu` the parts that need a
card are left out.
"""

import argparse
import platform
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.ceilings import Ceilings, ceilings
from benchmarks.gpu.figures import Figures
from benchmarks.gpu.model_benchmark import ModelBenchmark
from models.engine_plan import choose_plan, reproducible_plan

MODELS = ("lite-256", "vox-256", "paper-512")
COMPILED = MODELS[:2]  # the third is the second on larger planes


def machine(device: torch.device) -> dict[str, Any]:
    """What the figures are of."""
    facts: dict[str, Any] = {"torch": torch.__version__, "python": platform.python_version()}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts["card"] = properties.name
        facts["memory_gib"] = round(properties.total_memory / 2**30, 1)
        facts["cuda"] = torch.version.cuda
        facts["cudnn"] = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return facts


def measure(figures: Figures, names: list[str], device: str, seconds: float) -> None:
    """Part by part, the more important ones first."""
    plan = choose_plan(device) if device == "cuda" else reproducible_plan()
    figures.part("machine", lambda: machine(plan.device) | {"plan": str(plan.precision)})
    measured: list[Ceilings] = []

    def reach() -> Ceilings:
        measured.append(ceilings(plan.device, seconds))
        return measured[0]

    figures.part("ceilings", reach)
    models: list[ModelBenchmark] = []
    for name in names:
        opened = partial(ModelBenchmark, name, plan, seconds, figures)
        figures.part(f"{name}: opened", lambda opened=opened: models.append(opened()))  # type: ignore[misc]
    for model in models:
        model.single_stream()
        if measured:
            model.roofline(measured[0])
    for model in models:
        model.agreement()
    for model in models[:1]:  # every model's graphs are made and dropped in the same way
        model.memory()
    for model in models:
        model.streams()
    for model in models:
        model.variants()
    for model in models:
        if model.name in COMPILED:
            model.compiled()


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python3 -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--json", type=Path, help="written after every part")
    parser.add_argument("--device", default="cuda", help="as torch names it")
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--models", nargs="+", default=list(MODELS), metavar="MODEL")
    options = parser.parse_args()
    figures = Figures(options.json)
    torch.backends.cudnn.allow_tf32 = False  # fp32 is fp32 in every part
    measure(figures, options.models, options.device, options.seconds)
    if figures.errors:
        sys.exit(f"these parts failed: {', '.join(figures.errors)}")


if __name__ == "__main__":
    main()
