"""What `confapp ranges` looks at, and which models it is for."""

from pathlib import Path

import numpy as np
import pytest
import tiny_shards
from tiny_models import lively_networks, tiny

from confapp.errors import ConfappError
from confapp.person_pictures import MOST_PICTURES, person_pictures
from confapp.range_files import measure_ranges
from models.checkpoints.checkpoint import Checkpoint

LEVELS = [20 * number for number in range(11)]


def test_pictures_are_spread_over_each_clip_of_a_shard(tmp_path: Path) -> None:
    clips = {"long": tiny_shards.clip(LEVELS), "short": tiny_shards.clip(LEVELS[:2], person="p1")}
    entries = clips | {"photo": tiny_shards.still((10, 20, 30))}
    shard = tiny_shards.write_tar(tmp_path / "clips-train-00.tar", entries)
    found = [[int(one.mean()) for one in some] for some in person_pictures([shard], 64)]
    assert found == [[0, 60, 120, 180], [0, 20]]
    assert len(found[0]) == MOST_PICTURES
    (picture, *_), *_ = person_pictures([shard], 64)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8


def test_a_shard_in_which_nobody_is_seen_twice(tmp_path: Path) -> None:
    shard = tiny_shards.write_tar(tmp_path / "one.tar", {"one": tiny_shards.clip([10])})
    with pytest.raises(ConfappError, match="something longer"):
        list(person_pictures([shard], 64))


def weights(tmp_path: Path, name: str) -> str:
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny(name)), "tiny").save(path)
    return str(path)


def test_models_that_torch_runs_need_no_ranges(tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match="no use for ranges"):
        measure_ranges(weights(tmp_path, "vox-256"), [], tmp_path / "r.json")


def test_a_folder_that_is_not_there_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match="no folder"):
        measure_ranges(weights(tmp_path, "lite-256"), [], tmp_path / "nowhere" / "r.json")
