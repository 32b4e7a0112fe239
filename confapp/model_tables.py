"""The codec's tables that go with a model."""

from pathlib import Path

from confapp.codec import FrequencyTables, TableError
from confapp.codec.shipped_tables import shipped_tables
from models.talking_head import TalkingHead


def tables_for(head: TalkingHead, path: Path | None) -> FrequencyTables:
    """The tables in a file, or those that were learned with the model's weights.

    Raises:
        TableError: the file cannot be used, or is for another number of keypoints.
    """
    keypoints = head.config.keypoints
    if path is None:
        return shipped_tables(head.fingerprint, keypoints)
    tables = FrequencyTables.load(path)
    if tables.keypoints != keypoints:
        raise TableError(
            "tables-mismatch",
            f"{path} has tables for {tables.keypoints} keypoints, {head.config.name} has "
            f"{keypoints}: fit tables with this model (confapp tables fit).",
        )
    return tables
