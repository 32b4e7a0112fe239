"""Training states that cannot be used."""

from pathlib import Path

import pytest
import torch

from models.training.training_state import TrainingState, TrainingStateError


@pytest.mark.parametrize(
    ("content", "error_id"),
    [
        (None, "state-missing"),
        (b"no state", "state-damaged"),
        ({"format": "another"}, "state-foreign"),
        ([1, 2], "state-foreign"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path: Path, content: object, error_id: str) -> None:
    path = tmp_path / "state.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(TrainingStateError) as caught:
        TrainingState.load(path)
    assert caught.value.error_id == error_id
