"""What this machine has, how the networks run on it, and what each model asks of it."""

import json
import platform
from dataclasses import asdict

import torch
from rich.console import Console
from rich.table import Table

from confapp.benchmark.demo_people import demo_pictures
from confapp.benchmark.stages import engine_stages
from models.checkpoints.checkpoint import shipped_weights
from models.config import CONFIGS, DEFAULT_CONFIG
from models.summary import summarise
from models.talking_head import TalkingHead, find_checkpoint

CPU_FEATURES = ("avx2", "avx512_f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
SECONDS = 1.0  # for each stage that is timed


def machine() -> dict[str, object]:
    """The facts that decide how fast the networks run here."""
    has = torch.cpu.get_capabilities()
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu": has.get("cpu_name") or platform.processor(),
        "cpu_features": [name for name in CPU_FEATURES if has.get(name)],
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "trained_models": [name for name in CONFIGS if shipped_weights(name).is_file()],
    }


def speed(model: str = DEFAULT_CONFIG, seconds: float = SECONDS) -> dict[str, object]:
    """How the engine runs a model here, why so, and how fast.

    Args:
        model: configuration or weights file; random weights where it has no trained ones.
        seconds: for each stage.
    """
    checkpoint, trained = find_checkpoint(model, untrained=True)
    plan = TalkingHead(checkpoint, trained=trained).plan
    photo, (frame,) = demo_pictures(checkpoint.config.image_size, 1)
    times = engine_stages(checkpoint, plan, photo, frame, seconds, trained=trained)
    return {
        "model": checkpoint.config.name,
        "device": str(plan.device),
        "runtime": plan.runtime,
        "precision": str(plan.precision),
        "reason": plan.reason,
        "ms_per_stage": {time.stage: time.ms_p50 for time in times},
        "expected_fps": next(time.fps for time in times if time.stage == "render"),
    }


def print_machine(*, as_json: bool) -> None:
    """`confapp doctor`."""
    facts = machine() | speed()
    if as_json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {number:.1f}" for key, number in value.items())
        else:
            shown = ", ".join(value) if isinstance(value, list) else str(value or "none")
        print(f"{name.replace('_', ' '):16} {shown or 'none'}")


def print_models(*, as_json: bool) -> None:
    """`confapp doctor --models`: parameters and operations of every network."""
    summaries = {name: summarise(config) for name, config in CONFIGS.items()}
    if as_json:
        print(json.dumps({name: list(map(asdict, rows)) for name, rows in summaries.items()}))
        return
    for name, rows in summaries.items():
        table = Table(title=name, title_justify="left")
        table.add_column("network")
        table.add_column("runs once for")
        table.add_column("parameters, M", justify="right")
        table.add_column("GFLOP", justify="right")
        for row in rows:
            table.add_row(row.network, row.runs, f"{row.parameters_m:.2f}", f"{row.gflop:.2f}")
        Console().print(table)
