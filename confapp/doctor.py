"""What this machine has, and what each model asks of it."""

import json
import platform
from dataclasses import asdict

import torch
from rich.console import Console
from rich.table import Table

from models.checkpoints.checkpoint import shipped_weights
from models.config import CONFIGS
from models.summary import summarise


def machine() -> dict[str, object]:
    """The facts that decide how fast the networks run here."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "trained_models": [name for name in CONFIGS if shipped_weights(name).is_file()],
    }


def print_machine(*, as_json: bool) -> None:
    """`confapp doctor`."""
    facts = machine()
    if as_json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        shown = ", ".join(value) if isinstance(value, list) else value
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
