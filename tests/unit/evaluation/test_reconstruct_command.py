"""The command from shards to files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_shards
from PIL import Image
from tiny_models import lively_networks, tiny
from tiny_perception import lpips_file

from confapp.errors import ConfappError
from confapp.evaluation.reconstruct_command import ReconstructOptions, evaluate_reconstruction
from confapp.evaluation.reconstruction import reconstruct
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
        "two": tiny_shards.clip([40, 90], person="p1"),
        "three": tiny_shards.clip([90, 50], person="p2"),
    }
    return tiny_shards.write_tar(tmp_path / "clips-val-00.tar", clips)


def run(model: str, **options: Any) -> str:
    return evaluate_reconstruction(model, ReconstructOptions(**options), untrained=False)


def test_files_and_their_counts(model: str, shard: Path, tmp_path: Path) -> None:
    lpips = lpips_file(tmp_path / "lpips.safetensors")
    out, figures = tmp_path / "out", tmp_path / "figures.json"
    tables = run(model, data=(shard,), lpips=lpips, out=out, json_file=figures)
    facts = json.loads(figures.read_text())
    assert figures.read_bytes() == (out / "results.json").read_bytes()
    assert (out / "results.md").read_text() == tables
    assert "4 pairs of 3 people, 3 clips" in tables
    assert facts["complete"]
    assert facts["networks"]["lpips"]["file"] == "lpips.safetensors"
    assert len(facts["networks"]["lpips"]["sha256"]) == 64
    assert {reason.split(":")[0] for reason in facts["left_out"]} == {"akd", "csim"}
    assert facts["sets"]["shards"]["all"]["people"] == 3
    assert "face_lpips / frozen" in facts["sets"]["shards"]["all"]["against"]
    with Image.open(out / "sheet-shards.png") as sheet:
        assert sheet.width == 4 * 256


def test_same_bytes_again(model: str, shard: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        run(model, data=(shard,), json_file=file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_quick_look(model: str, shard: Path) -> None:
    assert "1 pairs of 1 people, 1 clips" in run(model, data=(shard,), clips=1, frames=1)


def test_calibration_is_told(model: str, shard: Path, tmp_path: Path) -> None:
    tables = run(model, data=(shard,), calibrate=True, json_file=tmp_path / "figures.json")
    assert "Renderings are corrected" in tables
    clips = json.loads((tmp_path / "figures.json").read_text())["clips"]
    assert all("frames_learned" in clip for clip in clips)


def test_interruption_keeps_what_is_measured(
    model: str, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true: Callable[..., Any] = reconstruct
    calls: list[int] = []

    def interrupted(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return true(*args, **options)

    monkeypatch.setattr("confapp.evaluation.reconstruct_command.reconstruct", interrupted)
    tables = run(model, data=(shard,), json_file=tmp_path / "figures.json")
    assert "Interrupted" in tables
    facts = json.loads((tmp_path / "figures.json").read_text())
    assert not facts["complete"]
    assert len(facts["clips"]) == 1


def test_a_run_that_is_killed_leaves_what_was_measured(
    model: str, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true: Callable[..., Any] = reconstruct
    calls: list[int] = []

    def failing(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise MemoryError
        return true(*args, **options)

    monkeypatch.setattr("confapp.evaluation.reconstruct_command.reconstruct", failing)
    with pytest.raises(MemoryError):
        run(model, data=(shard,), out=tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "results.json").read_text())
    assert not facts["complete"]
    assert len(facts["clips"]) == 2
    assert "Interrupted" in (tmp_path / "out" / "results.md").read_text()


def test_results_that_fit_nowhere_are_told_at_once(model: str, shard: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfappError) as caught:
        run(model, data=(shard,), out=tmp_path / "file")
    assert caught.value.error_id == "results-unwritable"


@pytest.mark.parametrize(
    ("options", "error_id"),
    [({}, "data-not-found"), ({"videos": Path()}, "landmarks-needed")],
)
def test_what_is_needed(model: str, options: dict[str, Any], error_id: str) -> None:
    with pytest.raises(ConfappError) as caught:
        run(model, **options)
    assert caught.value.error_id == error_id
