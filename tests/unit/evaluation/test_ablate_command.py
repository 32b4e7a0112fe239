"""The command from shards to weights, figures and a sheet."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import tiny_shards
from PIL import Image
from tiny_models import tiny
from typer.testing import CliRunner

from confapp.cli import app
from confapp.errors import ConfappError
from confapp.evaluation import ablate_command
from confapp.evaluation.ablate_command import AblateOptions, evaluate_ablation
from confapp.evaluation.reconstruct_command import evaluate_reconstruction
from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS, ablations
from models.training.training_command import TrainingOptions, train

BASE = "tiny-lite-256"
ENDINGS = ("", "-direct", "-flat", "-15", "-10", "-plain")
NAMES = [BASE + ending for ending in ENDINGS]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    for config in ablations(dataclasses.replace(tiny("lite-256"), keypoints=20)):
        monkeypatch.setitem(CONFIGS, config.name, config)


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    folder = tmp_path / "shards"
    folder.mkdir()
    for shard, people in (("clips-train-00", "abc"), ("clips-val-00", "xy")):
        clips = {
            name: tiny_shards.clip([10, 60 + 10 * n, 110], person=name)
            for n, name in enumerate(people)
        }
        tiny_shards.write_tar(folder / f"{shard}.tar", clips)
    return folder


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[TrainingOptions]:
    """Every training that is asked for, and done."""
    asked: list[TrainingOptions] = []

    def asked_for(options: TrainingOptions, *rest: Any) -> Path:
        asked.append(options)
        return train(options, *rest)

    monkeypatch.setattr(ablate_command, "train", asked_for)
    return asked


def options(shards: Path, out: Path, **more: Any) -> AblateOptions:
    given = {"steps": 1, "batch": 2, "seed": 3} | more
    return AblateOptions(out, (shards,), config=BASE, **given)


def test_every_variant_is_trained_alike_measured_and_shown(shards: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["--data", str(shards), "--steps", "1", "--batch", "2", "-o", str(out)]
    result = CliRunner().invoke(app, ["evaluate", "ablate", *arguments, "--config", BASE])
    assert result.exit_code == 0, result.output
    facts = json.loads((out / "results.json").read_text())
    assert [one["name"] for one in facts["variants"]] == NAMES
    assert (facts["people"], facts["pairs"]) == (2, 4)
    for name, one in zip(NAMES, facts["variants"], strict=True):
        checkpoint = Checkpoint.load(out / name / "weights.safetensors")
        assert checkpoint.config == CONFIGS[name]
        assert checkpoint.fingerprint == one["fingerprint"]
        assert "Trained: 1 steps of 2 pairs" in checkpoint.card
        assert one["metrics"]["l1"] > 0
    table = (out / "results.md").read_text()
    assert "| 2-D warp | " in table
    assert "| keypoints straight from each picture | 10.84 | 24 |" in table
    assert table.count("| the paper's generator, without blending |") == 2  # no row of the paper's
    assert "for 1 steps, without a perceptual loss" in table
    with Image.open(out / "sheet-ablate.png") as sheet:
        assert sheet.width == (2 + len(NAMES)) * 256


def test_what_is_done_is_not_done_again(
    shards: Path, tmp_path: Path, trainings: list[TrainingOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    table = evaluate_ablation(options(shards, out))
    figures = (out / "results.json").read_bytes()
    assert [one.config for one in trainings] == NAMES
    assert {(one.seed, one.steps, one.data) for one in trainings} == {
        (3, 1, (shards / "clips-train-00.tar",))
    }
    measured: list[str] = []

    def measure(model: str, *rest: Any, **more: Any) -> str:
        measured.append(model)
        return evaluate_reconstruction(model, *rest, **more)

    monkeypatch.setattr(ablate_command, "evaluate_reconstruction", measure)
    assert evaluate_ablation(options(shards, out)) == table
    assert (out / "results.json").read_bytes() == figures
    assert len(trainings) == len(NAMES)
    assert not measured
    evaluate_ablation(options(shards, out, frames=1))  # measured otherwise, by the same weights
    assert len(trainings) == len(NAMES)
    assert len(measured) == len(NAMES)
    evaluate_ablation(options(shards, out, steps=2))  # another budget: other weights
    assert len(trainings) == 2 * len(NAMES)


def test_a_training_that_was_stopped_goes_on(
    shards: Path, tmp_path: Path, trainings: list[TrainingOptions], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", stopped)  # right after the state was saved
        with pytest.raises(KeyboardInterrupt):
            evaluate_ablation(options(shards, out))
    evaluate_ablation(options(shards, out))
    assert [one.config for one in trainings] == [NAMES[0], *NAMES]
    assert trainings[0].resume is None
    assert trainings[1].resume == out / NAMES[0] / "training.pt"


def test_weights_may_be_given(
    shards: Path, tmp_path: Path, trainings: list[TrainingOptions]
) -> None:
    out, given = tmp_path / "out", tmp_path / "given"
    evaluate_ablation(options(shards, out))
    given.mkdir()
    for name in NAMES:
        (out / name / "weights.safetensors").rename(given / f"{name}.safetensors")
    (shards / "clips-train-00.tar").unlink()
    table = evaluate_ablation(options(shards, tmp_path / "again", steps=None, weights=given))
    assert "Weights as they were given." in table
    assert len(trainings) == len(NAMES)
    (given / f"{NAMES[1]}.safetensors").replace(given / f"{NAMES[2]}.safetensors")
    (given / f"{NAMES[0]}.safetensors").replace(given / f"{NAMES[1]}.safetensors")
    (given / f"{NAMES[2]}.safetensors").replace(given / f"{NAMES[0]}.safetensors")
    with pytest.raises(ConfappError) as caught:
        evaluate_ablation(options(shards, tmp_path / "swapped", steps=None, weights=given))
    assert caught.value.error_id == "config-mismatch"


@pytest.mark.parametrize(
    ("more", "error_id"),
    [({"config": "vox-256"}, "ablation-unknown"), ({"steps": None}, "budget-invalid")],
)
def test_what_is_needed(shards: Path, tmp_path: Path, more: dict[str, Any], error_id: str) -> None:
    asked: dict[str, Any] = {"config": BASE, "steps": 1} | more
    with pytest.raises(ConfappError) as caught:
        evaluate_ablation(AblateOptions(tmp_path / "out", (shards,), **asked))
    assert caught.value.error_id == error_id
