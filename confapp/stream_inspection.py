"""What an .fvc file holds, for a person or a program."""

import json
from pathlib import Path

from confapp.codec import CodecTables, FvcHeader, FvcReader, PredictionTables, StreamSummary
from confapp.fvc_file import open_fvc
from confapp.stream_plot import write_plot


def print_summary(path: Path, *, tables: Path | None, plot: Path | None, as_json: bool) -> None:
    """`confapp inspect`.

    Args:
        tables: of the stream, if they are not those that come with its model.
        plot: a file for a picture of bytes over time, or None.

    Raises:
        ConfappError: the file is missing or no .fvc file, or one of the others cannot be used.
    """
    with open_fvc(path) as file:
        reader = FvcReader(file)
        summary = StreamSummary.of(reader, _tables_of(reader.header, tables))
    if plot is not None:
        write_plot(summary, plot, path.name)
    figures = summary.as_json()
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        shown = (
            ", ".join(f"{key} {number}" for key, number in value.items())
            if isinstance(value, dict)
            else value
        )
        print(f"{name.replace('_', ' '):22} {shown}")


def _tables_of(header: FvcHeader, path: Path | None) -> PredictionTables | None:
    """The tables that the header names, if they are at hand."""
    generic = CodecTables.generic(header.keypoints)
    own = (
        CodecTables.shipped(header.model_fingerprint, header.keypoints)
        if path is None
        else CodecTables.load(path)
    )
    for tables in (own.prediction, generic.prediction):
        if tables.fingerprint == header.tables_fingerprint:
            return tables
    return None
