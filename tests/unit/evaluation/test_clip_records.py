"""Records that count, and those that do not any more."""

from pathlib import Path

import pytest

from confapp.errors import ConfappError
from confapp.evaluation.clip_records import ClipRecords


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"frames")
    return path


def test_a_record_is_found_again(clip: Path, tmp_path: Path) -> None:
    records = ClipRecords(tmp_path / "records", {"frames": 8})
    assert records.get(clip) is None
    records.put(clip, {"score": 0.5})
    assert ClipRecords(tmp_path / "records", {"frames": 8}).get(clip) == {"score": 0.5}


def test_another_recipe_or_another_file_is_measured_again(clip: Path, tmp_path: Path) -> None:
    records = ClipRecords(tmp_path / "records", {"frames": 8})
    records.put(clip, {"score": 0.5})
    assert ClipRecords(tmp_path / "records", {"frames": 9}).get(clip) is None
    clip.write_bytes(b"other frames")
    assert records.get(clip) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"key": 1, "facts": 2}'])
def test_a_damaged_record_is_none(clip: Path, tmp_path: Path, text: str) -> None:
    records = ClipRecords(tmp_path / "records", {})
    (tmp_path / "records" / "a.mp4.json").write_text(text)
    assert records.get(clip) is None


def test_a_place_that_cannot_be_written(clip: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        ClipRecords(clip, {})
    assert caught.value.error_id == "results-unwritable"
