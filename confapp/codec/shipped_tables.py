"""The tables that belong to a model."""

from pathlib import Path

from confapp.codec.frequency_table import FrequencyTables

FOLDER = Path(__file__).parent / "tables"


def shipped_tables(model: str, keypoints: int) -> FrequencyTables:
    """The tables learned with a trained model; the uniform ones where there are none yet.

    Args:
        model: the configuration's name.
        keypoints: its K.

    Raises:
        TableError: the file is there, but damaged.
    """
    path = FOLDER / f"{model}.json"
    return FrequencyTables.load(path) if path.is_file() else FrequencyTables.uniform(keypoints)
