"""The file of ranges beside the weights."""

import json
from pathlib import Path

import pytest
from tiny_models import lively_networks, tiny

from models.checkpoints.activation_ranges import (
    RangesError,
    load_ranges,
    ranges_file,
    save_ranges,
)
from models.checkpoints.checkpoint import Checkpoint
from models.config import DEFAULT_CONFIG
from models.talking_head import find_checkpoint

RANGES = {"motion_field.heat": (0.0, 1.0), "generator.entry": (-2.5, 3.25)}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(path)
    return path


def test_weights_come_with_their_ranges(weights: Path) -> None:
    before, _ = find_checkpoint(str(weights))
    assert before.ranges is None
    save_ranges(RANGES, before.fingerprint, ranges_file(weights))
    after, _ = find_checkpoint(str(weights))
    assert (after.ranges, after.fingerprint) == (RANGES, before.fingerprint)


def test_small_ranges_stay_ranges(weights: Path) -> None:
    save_ranges({"a": (0.0, 0.0000412345678)}, "mine", ranges_file(weights))
    assert load_ranges(weights, "mine") == {"a": (0.0, 0.0000412346)}


def test_the_shipped_model_has_some() -> None:
    checkpoint, _ = find_checkpoint(DEFAULT_CONFIG)
    assert checkpoint.ranges is not None
    assert len(checkpoint.ranges) > 20


def test_ranges_of_other_weights(weights: Path) -> None:
    save_ranges(RANGES, "of-others", ranges_file(weights))
    with pytest.raises(RangesError, match=r"other weights.*confapp ranges"):
        find_checkpoint(str(weights))
    find_checkpoint(str(weights), with_ranges=False)  # to measure them again


GOOD = {"format": "confapp-ranges-1", "fingerprint": "mine", "ranges": {"a": [0, 1]}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(GOOD | {"ranges": [1]}),
        json.dumps(GOOD | {"ranges": {"a": [1, 0]}}),
        json.dumps(GOOD | {"ranges": {"a": [0, 1, 2]}}),
        json.dumps(GOOD | {"ranges": {"a": 1}}),
        json.dumps(GOOD | {"ranges": {"a": ["x", 1]}}),
        json.dumps(GOOD | {"ranges": {"a": ["0", "1"]}}),
        json.dumps(GOOD | {"ranges": {"a": "01"}}),
        json.dumps(GOOD | {"ranges": {"a": [False, True]}}),
        json.dumps(GOOD).replace("[0, 1]", "[0, 1" + 400 * "0" + "]"),
        100_000 * "[",
        json.dumps(GOOD | {"ranges": {"a": [0, float("inf")]}}),
        json.dumps(GOOD | {"ranges": {"a": [0, float("nan")]}}),
    ],
)
def test_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.ranges.json").write_text(text)
    with pytest.raises(RangesError, match="confapp ranges"):
        load_ranges(tmp_path / "w.safetensors", "mine")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "w.ranges.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RangesError, match="not a readable file"):
        load_ranges(tmp_path / "w.safetensors", "mine")


def test_another_format(tmp_path: Path) -> None:
    (tmp_path / "w.ranges.json").write_text(json.dumps(GOOD | {"format": "confapp-ranges-9"}))
    with pytest.raises(RangesError, match=r"another version.*confapp ranges"):
        load_ranges(tmp_path / "w.safetensors", "mine")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(RangesError, match="choose another file"):
        save_ranges(RANGES, "mine", tmp_path / "nowhere" / "w.ranges.json")
