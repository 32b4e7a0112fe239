"""Sheets from shards to files."""

import json
from pathlib import Path

import pytest
import tiny_shards
from PIL import Image
from tiny_models import lively_networks, tiny
from typer.testing import CliRunner

from confapp.cli import app
from confapp.errors import ConfappError
from confapp.evaluation.grid_command import GridOptions, evaluate_transfer, evaluate_turn
from models.checkpoints.checkpoint import Checkpoint


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(path)
    return str(path)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    clips = {
        "one": tiny_shards.clip([10, 60, 110], person="p0"),
        "again": tiny_shards.clip([20, 30], person="p0"),
        "two": tiny_shards.clip([40, 90], person="p1"),
        "three": tiny_shards.clip([90, 50], person="p2"),
    }
    return tiny_shards.write_tar(tmp_path / "clips-val-00.tar", clips)


def test_transfer_gives_a_sheet_for_each_driver(model: str, shard: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = GridOptions(out, data=(shard,))
    tables = evaluate_transfer(model, options, untrained=False, drivers=2, relative=True)
    assert (out / "results.md").read_text() == tables
    facts = json.loads((out / "results.json").read_text())
    assert (facts["task"], facts["motion"]) == ("transfer", "relative")
    sheets = [grid["sheet"] for grid in facts["grids"]]
    assert len(set(sheets)) == 2
    assert sorted(path.name for path in out.glob("*.png")) == sorted(sheets)
    for grid in facts["grids"]:
        assert len(grid["rows"]) == 2
        with Image.open(out / grid["sheet"]) as sheet:
            assert sheet.width == (1 + len(grid["columns"])) * 256


def test_turn_gives_one_sheet(model: str, shard: Path, tmp_path: Path) -> None:
    options = GridOptions(tmp_path / "out", data=(shard,), clips=2)
    evaluate_turn(model, options, untrained=False)
    facts = json.loads((tmp_path / "out" / "results.json").read_text())
    (grid,) = facts["grids"]
    assert len({row["person"] for row in grid["rows"]}) == 2
    with Image.open(tmp_path / "out" / "turn.png") as sheet:
        assert sheet.width == 8 * 256


def test_same_bytes_again(model: str, shard: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        options = GridOptions(tmp_path / name, data=(shard,))
        evaluate_transfer(model, options, untrained=False, drivers=1)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_commands(model: str, shard: Path, tmp_path: Path) -> None:
    for task in ("transfer", "turn", "redirect"):
        out = tmp_path / task
        arguments = ["--data", str(shard), "--model", model, "-o", str(out), "--clips", "2"]
        result = CliRunner().invoke(app, ["evaluate", task, *arguments])
        assert result.exit_code == 0
        assert (out / "results.md").read_text() in result.stdout
        assert list(out.glob("*.png"))


def test_one_person_cannot_drive_another(model: str, shard: Path, tmp_path: Path) -> None:
    options = GridOptions(tmp_path / "out", data=(shard,), clips=1)
    with pytest.raises(ConfappError) as caught:
        evaluate_transfer(model, options, untrained=False)
    assert caught.value.error_id == "people-needed"


def test_what_is_needed(model: str, tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        evaluate_turn(model, GridOptions(tmp_path / "out"), untrained=False)
    assert caught.value.error_id == "data-not-found"
