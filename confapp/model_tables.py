"""The codec's tables that go with a model."""

from pathlib import Path

from confapp.codec import FrequencyTables
from confapp.codec.shipped_tables import shipped_tables
from models.talking_head import TalkingHead


def tables_for(head: TalkingHead, path: Path | None) -> FrequencyTables:
    """The tables in a file, or those that were learned with the model's shipped weights.

    The uniform ones serve a model without tables of its own.

    Raises:
        TableError: the file cannot be used.
    """
    if path is not None:
        return FrequencyTables.load(path)
    if head.shipped:
        return shipped_tables(head.config.name, head.config.keypoints)
    return FrequencyTables.uniform(head.config.keypoints)
