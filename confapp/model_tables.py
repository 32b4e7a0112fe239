"""The codec's tables that go with a model."""

from pathlib import Path

from confapp.codec import CodecTables, TableError
from models.talking_head import TalkingHead


def tables_for(head: TalkingHead, path: Path | None) -> CodecTables:
    """The tables in a file, or those that were learned with the model's weights.

    Raises:
        TableError: the file cannot be used, or is for another number of keypoints.
    """
    keypoints = head.config.keypoints
    if path is None:
        return CodecTables.shipped(head.fingerprint, keypoints)
    tables = CodecTables.load(path)
    parts = (tables.frequency, tables.prediction, tables.completion)
    if {part.keypoints for part in parts} != {keypoints}:
        raise TableError(
            "tables-mismatch",
            f"{path} has tables for {tables.keypoints} keypoints, {head.config.name} has "
            f"{keypoints}: fit tables with this model (confapp tables fit).",
        )
    return tables
