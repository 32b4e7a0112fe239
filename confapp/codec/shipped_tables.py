"""The tables that belong to a model."""

from pathlib import Path

from confapp.codec.frequency_table import FrequencyTables

FOLDER = Path(__file__).parent / "tables"


def shipped_tables(model_fingerprint: str, keypoints: int) -> FrequencyTables:
    """The tables learned with these weights; the uniform ones where there are none.

    Args:
        model_fingerprint: names the weights, and the file.
        keypoints: the model's K.

    Raises:
        TableError: the file is there, but damaged.
    """
    path = FOLDER / f"{model_fingerprint}.json"
    return FrequencyTables.load(path) if path.is_file() else FrequencyTables.uniform(keypoints)
