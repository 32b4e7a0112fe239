"""Weights files: what is written comes back, and damage is named."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tiny_models import one_look, tiny

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
    assert list(saved.parent.iterdir()) == [saved]


def test_a_file_from_before_a_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration has had since takes its default, and nothing looks damaged."""

    def as_before(config: ModelConfig) -> str:
        fields = dataclasses.asdict(config)
        del fields["scale_in_flow"], fields["motion_encoder"]["looks_twice"]
        return json.dumps(fields, sort_keys=True)

    path = tmp_path / "older.safetensors"
    with monkeypatch.context() as before:
        before.setattr(ModelConfig, "to_json", as_before)
        written = Checkpoint.of(Networks(tiny("lite-256")), "")
        written.save(path)
    checkpoint = Checkpoint.load(path)
    older = dataclasses.replace(one_look(tiny("lite-256")), scale_in_flow=False)
    assert checkpoint.config == older
    assert checkpoint.fingerprint == written.fingerprint


def test_others_may_read_the_file(saved: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()  # as the umask has it
    assert saved.stat().st_mode == plain.stat().st_mode


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    checkpoint = Checkpoint.of(Networks(tiny("lite-256")), "")
    for name in ("nowhere/w.safetensors", "folder"):
        with pytest.raises(CheckpointError, match="choose another file") as caught:
            checkpoint.save(tmp_path / name)
        assert caught.value.error_id == "weights-unwritable"


def test_a_full_disk_leaves_the_older_weights(saved: Path) -> None:
    before = saved.read_bytes()
    saved.with_name(saved.name + ".part").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match="No space left"):
        Checkpoint.load(saved).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_tensors_beyond_fp16_stay_as_they_are(tmp_path: Path) -> None:
    networks = Networks(tiny("lite-256"))
    norm = networks.motion_encoder.backbone.stem[1]
    assert isinstance(norm.running_var, torch.Tensor)
    norm.running_var[0] = 1e6
    path = tmp_path / "wide.safetensors"
    Checkpoint.of(networks, "", half=True).save(path)
    tensors = Checkpoint.load(path).tensors
    assert tensors["motion_encoder.backbone.stem.1.running_var"][0] == 1e6
    assert tensors["motion_encoder.backbone.stem.1.running_mean"].dtype is torch.float16


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


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        (None, "keypoints", "5"),
        (None, "keypoints", 5.0),
        (None, "keypoints", True),
        (None, "image_size", None),
        (None, "image_size", 0),
        (None, "name", 7),
        (None, "spectral_norm", 1),
        (None, "generator", []),
        ("appearance", "widths", []),
        ("appearance", "widths", 8),
        ("appearance", "widths", [8, -8]),
        ("appearance", "volume_blocks", -1),
        ("canonical", "down_widths", [8, "8"]),
        ("motion_encoder", "stages", [[8, 1], [8]]),
        ("motion_encoder", "first_bin", "-99"),
        ("motion_field", "heatmap_variance", 0),
        ("motion_field", "heatmap_variance", float("nan")),
        ("motion_field", "surface_widths", [8, 8, 8]),
        ("generator", "tomorrow", 1),
    ],
)
def test_a_field_of_a_wrong_kind_is_named(part: str | None, field: str, value: Any) -> None:
    fields = json.loads(tiny("lite-256").to_json())
    (fields[part] if part else fields)[field] = value
    with pytest.raises(ValueError, match=rf"config\.?{part or ''}.*{field}"):
        ModelConfig.from_json(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{}"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"config|Expecting value"):
        ModelConfig.from_json(text)


def test_a_missing_field_is_named() -> None:
    fields = json.loads(tiny("lite-256").to_json())
    del fields["motion_encoder"]["stem_width"]
    with pytest.raises(ValueError, match=r"config\.motion_encoder lacks stem_width"):
        ModelConfig.from_json(json.dumps(fields))


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
