"""`confapp bench` and `confapp doctor` on a small model."""

import json
from pathlib import Path

import pytest
from tiny_models import lively_networks, tiny

from confapp import doctor
from confapp.bench_command import bench
from confapp.benchmark import memory, run
from confapp.benchmark.run import BASELINE, BenchmarkOptions
from confapp.errors import ConfappError
from models.checkpoints.checkpoint import Checkpoint
from models.config import CONFIGS


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A weights file; the baseline and the matrices are small as well."""
    monkeypatch.setitem(CONFIGS, BASELINE, tiny(BASELINE))
    monkeypatch.setattr("confapp.benchmark.stages.MATRIX_SIDE", 64)
    monkeypatch.setattr(memory, "SETTLING_FRAMES", 3)
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(path)
    return str(path)


def test_every_figure_stands_beside_its_baseline(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    bench(BenchmarkOptions(model, seconds=0.01, frames=5), file)
    figures = json.loads(file.read_text())
    assert figures["engine"].keys() == {"source", "encode", "render", "M", "G"}
    assert figures["baseline"].keys() == figures["eager"].keys() == {"encode", "render"}
    ratio = figures["baseline"]["render"]["ms_p50"] / figures["engine"]["render"]["ms_p50"]
    assert figures["times_the_baseline"] == pytest.approx(ratio, abs=0.06)
    assert "fp32" in figures["matrix_gflops"]
    assert figures["agreement"]["psnr_db"] > 20
    assert figures["memory"]["frames"] == 5
    assert figures["call"] is None
    printed = capsys.readouterr().out
    assert "times the frames of vox-256" in printed
    assert figures["plan"]["reason"] in printed


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(ConfappError, match="there is no model 'no-such-model'") as failure:
        run._call("no-such-model", 2)
    assert failure.value.error_id == "bench-call-failed"


def test_a_file_that_cannot_be_written_is_said_first(model: str, tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match="cannot be written"):
        bench(BenchmarkOptions(model), tmp_path / "nowhere" / "figures.json")


def test_doctor_says_what_runs_how_and_why(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = doctor.speed(model, seconds=0.01)
    monkeypatch.setattr(doctor, "speed", lambda: facts)
    doctor.print_machine(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["precision"] in ("fp32", "bf16", "int8/fp32", "int8/bf16")
    assert told["reason"]
    assert told["ms_per_stage"].keys() == {"source", "encode", "render", "M", "G"}
    assert told["expected_fps"] > 0
    doctor.print_machine(as_json=False)
    printed = capsys.readouterr().out
    assert f"reason           {told['reason']}" in printed
    assert "render" in printed
