"""What an .fvc file holds, for a person or a program."""

import json
from pathlib import Path

from confapp.codec import FvcReader, StreamSummary
from confapp.fvc_file import open_fvc


def print_summary(path: Path, *, as_json: bool) -> None:
    """`confapp inspect`.

    Raises:
        ConfappError: the file is missing or no .fvc file.
    """
    with open_fvc(path) as file:
        summary = StreamSummary.of(FvcReader(file)).as_json()
    if as_json:
        print(json.dumps(summary))
        return
    for name, value in summary.items():
        shown = (
            ", ".join(f"{key} {number}" for key, number in value.items())
            if isinstance(value, dict)
            else value
        )
        print(f"{name.replace('_', ' '):20} {shown}")
