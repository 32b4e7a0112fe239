from pathlib import Path

import pytest
import torch
from tiny_shards import SIDE, clip, still, write_tar

from confapp.errors import ConfappError
from models.training.data.validation import ValidationClip, read_validation_clips

LEVELS = [50, 100, 150, 200]


def read(path: Path) -> list[ValidationClip]:
    return list(read_validation_clips([path], SIDE))


def test_the_first_frame_drives_none_and_every_other_drives_once_in_order(tmp_path: Path) -> None:
    write_tar(tmp_path / "clips-val-00.tar", {"a": clip(LEVELS, person="p"), "b": still((1, 2, 3))})
    write_tar(tmp_path / "clips-train-00.tar", {"c": clip(LEVELS)})
    (only,) = read(tmp_path)
    assert (only.footage.name, only.footage.person) == ("a", "p")
    batches = list(only.pairs(batch_size=2))
    assert [len(batch.source) for batch in batches] == [2, 1]
    sources = torch.cat([batch.source for batch in batches])
    drivers = torch.cat([batch.driving for batch in batches])
    assert torch.allclose(sources, torch.full((3, 3, SIDE, SIDE), 50 / 255))
    levels = torch.tensor(LEVELS[1:]).view(3, 1, 1, 1) / 255
    assert torch.allclose(drivers, levels.expand(3, 3, SIDE, SIDE))
    assert torch.cat([batch.driving_angles for batch in batches])[:, 0].tolist() == [2, 3, 4]
    assert torch.cat([batch.source_angles for batch in batches])[:, 0].tolist() == [1, 1, 1]
    landmarks = torch.cat([batch.driving_landmarks for batch in batches])
    assert torch.equal(landmarks, torch.from_numpy(only.footage.landmarks[1:]))
    assert torch.equal(batches[0].source_landmarks[1], only.landmarks[0])


def test_unreadable_frames_are_passed_over(tmp_path: Path) -> None:
    partly, wholly = clip(LEVELS), clip(LEVELS[:2])
    partly["001.webp"] = partly["001.webp"][:-8]
    wholly["001.webp"] = wholly["001.webp"][:-8]
    write_tar(tmp_path / "clips-val-00.tar", {"a": partly, "b": wholly})
    (only,) = read(tmp_path)
    assert only.angles[:, 0].tolist() == [1, 3, 4]
    assert (only.frames[1:].mean((1, 2, 3)) * 255).tolist() == pytest.approx(LEVELS[2:])


def test_without_a_validation_shard_there_is_an_error(tmp_path: Path) -> None:
    write_tar(tmp_path / "clips-train-00.tar", {"c": clip(LEVELS)})
    with pytest.raises(ConfappError) as error:
        read(tmp_path)
    assert error.value.error_id == "data-empty"
