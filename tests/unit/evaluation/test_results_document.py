"""All results in one document."""

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_shards
from tiny_models import lively_networks, tiny
from typer.testing import CliRunner

from confapp.cli import app
from confapp.errors import ConfappError
from confapp.evaluation.ablate_report import ablation_facts
from confapp.evaluation.results_document import write_document
from models.checkpoints.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every task that needs no helper network, by its command."""
    folder = tmp_path_factory.mktemp("work")
    model = folder / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(model)
    clips = {name: tiny_shards.clip([10, 60, 110], person=name) for name in ("p0", "p1")}
    shard = tiny_shards.write_tar(folder / "clips-val-00.tar", clips)
    for task, name, *more in (
        ("reconstruct", "reconstruct"),
        ("redirect", "redirect"),
        ("transfer", "transfer"),
        ("transfer", "transfer-relative", "--relative"),
        ("recognise", "recognise"),
    ):
        arguments = ["--data", str(shard), "--model", str(model), "-o", str(folder / name), *more]
        result = CliRunner().invoke(app, ["evaluate", task, *arguments])
        assert result.exit_code == 0, result.output
    return folder


def test_document_has_every_task(work: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.md"
    result = CliRunner().invoke(app, ["evaluate", "document", str(work), "-o", str(out)])
    assert result.exit_code == 0
    text = out.read_text()
    for heading in (
        "## Reconstruction, pairs of frames",
        "## Redirection",
        "## Transfer, absolute motion",
        "## Transfer, relative motion",
        "## Recognition",
    ):
        assert heading in text
    assert "| L1 (0-255) | " in text
    assert " | 10.74 | 10.67 |" in text
    assert "50.0% by chance" in text
    assert "of 4 pictures are given to the right one of 2 people" in text


def test_rate_and_distortion_in_the_document(tmp_path: Path) -> None:
    figures: dict[str, Any] = {"both": {"median": 4.5}, "neither": {"median": 6.5}}
    facts = {
        "model": {"name": "tiny", "fingerprint": "f", "trained": True},
        "rules": ["a rule"],
        "modes": [
            {
                "name": "predictive",
                "family": "predictive",
                "counted": ["a", "b"],
                "clips": 3,
                "fewer_bits": {"x264": {"lpips": {"wire": figures, "payload": figures}}},
            }
        ],
        "clips": [{"name": "a"}],
        "bd_rate": [
            {
                "test": "predictive",
                "anchor": "x264",
                "clips": 2,
                "wire": {"clips": 1, "median": -71.25},
                "payload": {"clips": 1, "median": None},
            },
            {  # one rate makes no curve
                "test": "refreshed",
                "anchor": "x264",
                "clips": 2,
                "wire": {"clips": 0, "median": None},
                "payload": {"clips": 0, "median": None},
            },
        ],
        "networks": {
            "lpips": {"name": "LPIPS", "file": "l.safetensors", "bytes": 9, "sha256": "ab" * 32}
        },
        "stream_bytes": {"ours": {"mean": 80.0, "paper": 84.44, "clips": {"a": 80.0}}},
    }
    (tmp_path / "compress").mkdir()
    (tmp_path / "compress" / "results.json").write_text(json.dumps(facts))
    (tmp_path / "compress" / "plot-lpips.svg").write_text("<svg></svg>")
    write_document(tmp_path, tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text()
    assert "| predictive | x264 | -71.2 | - | 1 of 2 |" in text
    assert "| refreshed | x264 |" not in text
    assert "(results-lpips.svg)" in text
    assert (tmp_path / "results-lpips.svg").read_text() == "<svg></svg>"
    assert "| lpips | LPIPS | l.safetensors | 9 | abababababababab... |" in text
    assert "predictive, against x264: 4.50 times fewer bits at equal LPIPS" in text
    assert "2 of 3 clips count" in text
    assert "| ours | 80.0 | 84.44 |" in text


def test_clips_at_full_rate_and_ablations_in_the_document(tmp_path: Path) -> None:
    metrics = {"l1": 9.0, "psnr": 23.0, "ssim": 0.8, "ms_ssim": 0.9, "akd": 1.5}
    summary = {
        "clips": 2,
        "all": {
            "pairs": 4,
            "people": 2,
            "metrics": {"rendering": metrics, "frozen": dict.fromkeys(metrics, 5.0)},
        },
        "fid": {"pictures": 4, "rendering": 51.5, "frozen": 70.25},
        "expression": {
            "mouth": {"correlation": 0.84, "people": 2},
            "eyes_of_blinkers": {"correlation": 0.5, "people": 1},
        },
        "smoothness": {"ratio": 0.78, "people": 2},
    }
    model = {"name": "tiny", "fingerprint": "f", "trained": True}
    videos = {"model": model, "sets": {"videos": summary}}
    measured = {"networks": {}, "left_out": [], "sets": {"shards": summary}}
    variants = [measured | {"model": model | {"fingerprint": name}} for name in "abcde"]
    ablations = ablation_facts(list("abcde"), variants, "Each trained for 9 steps.")
    for task, facts in (("reconstruct-videos", videos), ("ablate", ablations)):
        (tmp_path / task).mkdir()
        (tmp_path / task / "results.json").write_text(json.dumps(facts))
    write_document(tmp_path, tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text()
    assert "## Reconstruction, clips at full rate" in text
    assert "| FID, 4 pictures | 51.5 | 70.25 | 69.13 | 52.08 |" in text
    assert "correlation of 0.84 (median of 2 people), the eyes' of those who blink" in text
    assert "rendering over driver: 0.78 (median of 2 people" in text
    assert "| 2-D warp | 9 | 23 | 0.8 | 0.9 | 1.5 | 51.5 |" in text
    assert "| 2-D warp | 11.64 | 23.38 | 0.79 | 0.82 | 58.75 | 4.2 |" in text


def test_what_is_no_document(work: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        write_document(tmp_path, tmp_path / "results.md")
    assert caught.value.error_id == "results-missing"
    for task, fingerprint in (("recognise", "a"), ("transfer", "b")):
        (tmp_path / task).mkdir()
        facts = json.loads((work / task / "results.json").read_text())
        facts["model"]["fingerprint"] = fingerprint
        (tmp_path / task / "results.json").write_text(json.dumps(facts))
    with pytest.raises(ConfappError) as caught:
        write_document(tmp_path, tmp_path / "results.md")
    assert caught.value.error_id == "results-mixed"
    (tmp_path / "transfer" / "results.json").write_text(
        '{"model": {"fingerprint": "a"}, "complete": false}'
    )
    with pytest.raises(ConfappError) as caught:
        write_document(tmp_path, tmp_path / "results.md")
    assert caught.value.error_id == "results-unreadable"
