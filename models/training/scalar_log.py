"""Where the numbers of a run go: TensorBoard where it is installed, else a JSON Lines file."""

import json
from pathlib import Path
from typing import Protocol

JSON_LINES = "scalars.jsonl"
TENSORBOARD = "tensorboard"  # folder


class ScalarLog(Protocol):
    """Takes named numbers by step."""

    def write(self, step: int, numbers: dict[str, float]) -> None:
        """Add the numbers of a step."""

    def close(self) -> None:
        """Finish the file."""


class JsonLinesLog:
    """One JSON object a line: ``step`` and the numbers."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / JSON_LINES).open("a", encoding="utf-8", buffering=1)

    def write(self, step: int, numbers: dict[str, float]) -> None:
        """Add a line."""
        self._file.write(json.dumps({"step": step, **numbers}) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoardLog:
    """Event files in ``tensorboard``."""

    def __init__(self, folder: Path) -> None:
        # An optional dependency.
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415

        self._writer = SummaryWriter(folder / TENSORBOARD)

    def write(self, step: int, numbers: dict[str, float]) -> None:
        """Add a point to every curve."""
        for name, number in numbers.items():
            self._writer.add_scalar(name, number, step)

    def close(self) -> None:
        """Write out what is left and close."""
        self._writer.close()


def open_scalar_log(folder: Path) -> ScalarLog:
    """The best log that this machine has."""
    try:
        return TensorBoardLog(folder)
    except ImportError:
        return JsonLinesLog(folder)
