"""Weights files: what is written comes back, and damage is named."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_models import tiny

from models.checkpoints.checkpoint import Checkpoint, CheckpointError
from models.config import CONFIGS, ModelConfig
from models.networks import Networks


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(Networks(tiny("lite-256")), "# Card", half=True).save(path)
    return path


def rewrite(path: Path, *, change: dict[str, torch.Tensor] | None = None, **metadata: str) -> None:
    with safe_open(path, framework="pt") as file:
        known = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file({**tensors, **(change or {})}, path, {**known, **metadata})


def test_round_trip(saved: Path) -> None:
    checkpoint = Checkpoint.load(saved)
    assert checkpoint.card == "# Card"
    assert checkpoint.config == tiny("lite-256")
    networks = checkpoint.networks()
    again = Checkpoint.of(networks, checkpoint.card, half=True)
    assert again.fingerprint == checkpoint.fingerprint
    assert not saved.with_name(saved.name + ".partial").exists()


def test_fingerprint_follows_weights_and_configuration() -> None:
    config = tiny("lite-256")
    networks = Networks(config)
    before = Checkpoint.of(networks, "").fingerprint
    with torch.no_grad():
        networks.generator.to_image.bias[0] += 1  # type: ignore[index, operator]
    assert Checkpoint.of(networks, "").fingerprint != before


@pytest.mark.parametrize("config", CONFIGS.values(), ids=lambda config: config.name)
def test_configurations_survive_json(config: ModelConfig) -> None:
    assert ModelConfig.from_json(config.to_json()) == config


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        Checkpoint.load(path).networks()
    return caught.value.error_id


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.safetensors") == "weights-missing"


def test_not_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "noise.safetensors"
    path.write_bytes(b"not weights at all")
    assert refusal(path) == "weights-damaged"


def test_truncated(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    assert refusal(saved) == "weights-damaged"


def test_foreign_file(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    assert refusal(path) == "weights-foreign"


def test_unknown_configuration(saved: Path) -> None:
    rewrite(saved, config='{"name": "tomorrow"}')
    assert refusal(saved) == "weights-foreign"


def test_changed_weights(saved: Path) -> None:
    rewrite(saved, change={"generator.to_image.bias": torch.ones(16).half()})
    assert refusal(saved) == "weights-damaged"


def test_weights_that_are_not_finite(saved: Path) -> None:
    rewrite(saved, change={"generator.to_image.bias": torch.full((16,), torch.nan).half()})
    assert refusal(saved) == "weights-not-finite"


def test_tensors_of_another_version() -> None:
    checkpoint = Checkpoint.of(Networks(tiny("lite-256")), "")
    del checkpoint.tensors["generator.to_image.bias"]
    with pytest.raises(CheckpointError, match=r"lack 1 tensors .* generator\.to_image\.bias"):
        checkpoint.networks()
