"""The command: options to a run, errors to sentences."""

import dataclasses
import io
import json
import signal
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_perception import lpips_file

from confapp.errors import ConfappError
from models import config as model_configs
from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS, ModelConfig
from models.networks import Networks
from models.training.__main__ import main, parser
from models.training.training_command import TrainingOptions, train, training_settings
from models.training.training_run import STATE, WEIGHTS
from models.training.training_state import TrainingState

SMALL = ["--batch", "2", "--image-size", "64"]


@pytest.fixture
def known_tiny(tiny_config: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tiny configuration under a name that the command knows."""
    monkeypatch.setitem(model_configs.CONFIGS, tiny_config.name, tiny_config)
    return tiny_config.name


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """A shard of two clips with three frames each, of random colours."""
    random = np.random.default_rng(0)
    path = tmp_path / "clips.tar"
    with tarfile.open(path, "w") as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        for clip in ("one", "two"):
            frames = []
            for index in range(3):
                pixels = random.integers(0, 255, (8, 8, 3), dtype=np.uint8)
                picture = io.BytesIO()
                Image.fromarray(pixels).resize((64, 64)).save(picture, "WEBP")
                add(f"{clip}/{index:03}.webp", picture.getvalue())
                landmarks = random.uniform(16, 48, (68, 2)).round(1).tolist()
                pose = {"yaw": 5.0, "pitch": 0.0, "roll": -3.0}
                name = f"{index:03}.webp"
                frames.append({"file": name, "t": index, **pose, "landmarks": landmarks})
            facts = {
                "person": clip,
                "source": "made here",
                "licence_note": "none needed",
                "origin": "synthetic",
                "tier": "A",
                "frames": frames,
            }
            add(f"{clip}/clip.json", json.dumps(facts).encode())
    return path


def test_a_run_is_trained_resumed_and_started_from(
    known_tiny: str, shard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--config", known_tiny, "--data", str(shard), *SMALL, "--device", "cpu"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*common, "--steps", "1", "--seed", "5", "-o", str(first)]) == 0
    assert "step 0: total" in capsys.readouterr().out
    card = Checkpoint.load(first / WEIGHTS).card
    assert "Trained: 1 steps of 2 pairs" in card
    assert "Feature network of the perceptual loss: none" in card

    resume = [*common, "--steps", "2", "--resume", str(first / STATE), "-o", str(first)]
    assert main(resume) == 0
    state = TrainingState.load(first / STATE)
    assert (state.trainer["step"], state.seed) == (2, 5)

    start = ["--weights", str(first / WEIGHTS), "--set", "weights.picture=3", "-o", str(second)]
    assert main([*common, "--steps", "1", *start]) == 0
    card = Checkpoint.load(second / WEIGHTS).card
    begun = f"Started from: weights {Checkpoint.load(first / WEIGHTS).fingerprint}"
    assert begun in card
    assert "weights.picture=3" in card

    resume = [*common, "--steps", "2", "--resume", str(second / STATE), "-o", str(second)]
    assert main(resume) == 0
    assert begun in Checkpoint.load(second / WEIGHTS).card


@pytest.mark.usefixtures("heeded_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_that_can_go_on(
    known_tiny: str, shard: Path, tmp_path: Path, number: signal.Signals
) -> None:
    lines = []

    def interrupting(line: str) -> None:
        lines.append(line)
        if line.startswith("step 0"):
            signal.raise_signal(number)

    out = tmp_path / "out"
    options = TrainingOptions(
        (shard,), out, config=known_tiny, steps=1000, batch=2, image_size=64, device="cpu"
    )
    assert train(options, interrupting) == out / WEIGHTS
    assert TrainingState.load(out / STATE).trainer["step"] == 1
    assert "Trained: 1 steps" in Checkpoint.load(out / WEIGHTS).card
    assert lines[-1].endswith(f"--resume {out / STATE} goes on")


def test_options_change_the_recipe() -> None:
    options = TrainingOptions((), Path("out"), batch=3, settings=("learning_rate=1e-5",))
    settings = training_settings(options, CONFIGS["lite-256"])
    assert settings.recipe == "guided"
    assert (settings.batch, settings.learning_rate) == (3, 1e-5)
    assert training_settings(options, CONFIGS["paper-256"]).recipe == "paper"


def test_an_error_is_a_sentence_and_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tmp_path / "none"), "--steps", "1", "--set", "batch=0"]
    assert main([*arguments, "-o", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("setting-invalid: ")


def test_the_length_of_a_run_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--data", "shards", "-o", "out"])
    assert "--steps" in capsys.readouterr().err


def test_weights_of_another_model_are_refused(
    tiny_paper_config: ModelConfig, tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    Checkpoint.of(Networks(tiny_paper_config), "").save(path)
    options = TrainingOptions((tmp_path,), tmp_path, weights=path, steps=1)
    with pytest.raises(ConfappError, match="tiny-paper") as caught:
        train(options)
    assert caught.value.error_id == "config-mismatch"


def test_a_model_of_larger_pictures_starts_from_weights_of_smaller_ones(
    tiny_config: ModelConfig, shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paper trains at 256x256 first, then at 512x512 on a volume of twice the side.

    Nor need the flows of the weights scale, or their encoder look twice: no weight does that.
    """
    one_look = dataclasses.replace(tiny_config.motion_encoder, looks_twice=False)
    small, large = (
        dataclasses.replace(
            tiny_config,
            name=name,
            image_size=side,
            volume_size=side // 8,
            scale_in_flow=new,
            motion_encoder=tiny_config.motion_encoder if new else one_look,
        )
        for name, side, new in (("small", 64, False), ("large", 128, True))
    )
    monkeypatch.setitem(model_configs.CONFIGS, "large", large)
    weights = tmp_path / "small.safetensors"
    start = Checkpoint.of(Networks(small), "")
    start.save(weights)
    options = TrainingOptions(
        (shard,), tmp_path, "large", weights=weights, steps=1, batch=2, image_size=128, device="cpu"
    )
    made = Checkpoint.load(train(dataclasses.replace(options, settings=("learning_rate=1e-9",))))
    assert made.config == large
    name = "generator.to_image.weight"
    torch.testing.assert_close(made.tensors[name].float(), start.tensors[name], atol=1e-3, rtol=0)


def test_averages_of_nothing_are_not_kept(tmp_path: Path) -> None:
    options = TrainingOptions((), tmp_path, steps=1, settings=("frozen_statistics=True",))
    with pytest.raises(ConfappError, match="--weights"):
        train(options)


@pytest.mark.parametrize(
    ("heads", "layers"), [(False, ("relu1_2",)), (True, ("relu1_2", "relu2_1"))]
)
def test_lpips_takes_its_heads_and_its_layers(
    known_tiny: str, tmp_path: Path, heads: bool, layers: tuple[str, ...]
) -> None:
    path = lpips_file(tmp_path / "features.safetensors")
    if not heads:
        save_file({n: t for n, t in load_file(path).items() if n.startswith("features")}, path)
    options = TrainingOptions(
        (tmp_path,),
        tmp_path,
        known_tiny,
        features=path,
        steps=1,
        settings=("perceptual.lpips=1.0", f"perceptual.layers={tuple((n, 1.0) for n in layers)}"),
    )
    with pytest.raises(ConfappError, match="relu5_3") as caught:
        train(options)
    assert caught.value.error_id == "features-headless"


def test_start_and_resume_exclude_each_other(tmp_path: Path) -> None:
    options = TrainingOptions((), tmp_path, weights=tmp_path, resume=tmp_path, steps=1)
    with pytest.raises(ConfappError) as caught:
        train(options)
    assert caught.value.error_id == "option-conflict"
