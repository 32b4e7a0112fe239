"""Figures that are printed and on disk as soon as they are there."""

import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any


class Figures:
    """What was measured, by part; a part that fails leaves its error and the others alone.

    Args:
        file: where they are written after every part.
        clock: seconds.
    """

    def __init__(self, file: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}
        self._file, self._clock, self._start = file, clock, clock()

    def part(self, name: str, measure: Callable[[], Any]) -> None:
        """Measure a part and keep what it gives: numbers, dataclasses, and such by name or row."""
        began = self._clock()
        try:
            value = _plain(measure())
        except Exception as error:  # another part may still work
            self.errors[name] = "".join(traceback.format_exception(error)[-4:])
            print(f"{name}: FAILED, {error!r}", file=sys.stderr, flush=True)
            self._write()
            return
        took = self._clock() - began
        print(f"{name} ({took:.1f} s): {json.dumps(value)}", flush=True)
        self.values[name] = value
        self._write()

    def skip(self, name: str, why: str) -> None:
        """Say why there is no such part."""
        print(f"{name}: left out, {why}", flush=True)

    def _write(self) -> None:
        if self._file is None:
            return
        seconds = round(self._clock() - self._start, 1)
        numbers = {"seconds": seconds, "figures": self.values, "errors": self.errors}
        self._file.write_text(json.dumps(numbers, indent=1) + "\n")


def _plain(value: Any) -> Any:
    """As JSON takes it."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
