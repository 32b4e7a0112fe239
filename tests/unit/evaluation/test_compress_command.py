"""The command from a folder to files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compressed_clips import small_codecs, stand_in_metrics
from made_videos import person, write_video
from tiny_models import lively_networks, tiny

from confapp.dataset.video_file import Part
from confapp.errors import ConfappError
from confapp.evaluation import compress_command
from confapp.evaluation.compress_command import CompressOptions, evaluate_compression
from confapp.evaluation.compression import measure_encodes, measure_ours
from confapp.evaluation.picture_metrics import PictureMetrics
from models.checkpoints.checkpoint import Checkpoint

NETWORK = Path("given")


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(path)
    return str(path)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    for name in ("ada", "ben"):
        write_video(tmp_path / "videos" / f"{name}.mp4", person(name)[:6])
    return tmp_path / "videos"


@pytest.fixture(autouse=True)
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = stand_in_metrics(tmp_path)
    monkeypatch.setattr(PictureMetrics, "load", lambda *_: metrics)
    monkeypatch.setattr(compress_command, "ANCHOR_CODECS", small_codecs())


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than all else."""
    monkeypatch.setattr(compress_command, "rate_distortion_plot", lambda *_: "<svg></svg>")


def run(model: str, videos: Path, out: Path, **options: Any) -> str:
    chosen = CompressOptions(videos, out, NETWORK, NETWORK, frames=2, **options)
    return evaluate_compression(model, chosen, untrained=False)


def interrupt_after(
    monkeypatch: pytest.MonkeyPatch, clips: int, part: str = "measure_encodes"
) -> list[str]:
    """The measurements begun; the one after so many is interrupted."""
    parts: dict[str, Callable[..., Any]] = {
        "measure_encodes": measure_encodes,
        "measure_ours": measure_ours,
    }
    true = parts[part]
    begun: list[str] = []

    def counted(*arguments: Any) -> Any:
        begun.append(part)
        if len(begun) > clips:
            raise KeyboardInterrupt
        return true(*arguments)

    monkeypatch.setattr(compress_command, part, counted)
    return begun


def test_files_and_what_they_say(model: str, videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tables = run(model, videos, out)
    assert (out / "results.md").read_text() == tables
    facts = json.loads((out / "results.json").read_text())
    assert facts["complete"]
    assert [clip["name"] for clip in facts["clips"]] == ["ada", "ben"]
    assert "no figure, as 0 of 2 clips count" in tables
    assert facts["stream_bytes"]["FOMM"]["paper"] == 171.09
    assert set(facts["stream_bytes"]["ours"]["clips"]) == {"ada", "ben"}
    page = (out / "report.html").read_text()
    assert "films/ada.mp4" in page
    assert (out / "films" / "ada.mp4").is_file()
    assert (out / "plot-lpips.svg").read_text().startswith("<?xml")


def test_same_bytes_again_also_out_of_parts(model: str, videos: Path, tmp_path: Path) -> None:
    run(model, videos, tmp_path / "whole", films=False)
    for number in (2, 1):
        said = run(model, videos, tmp_path / "parts", films=False, part=Part(number, 2))
        assert said.startswith("1 clips measured")
        assert not (tmp_path / "parts" / "results.json").exists()
    run(model, videos, tmp_path / "parts", films=False)
    for file in ("results.json", "results.md", "report.html", "plot-akd.svg"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "parts" / file).read_bytes()


@pytest.mark.usefixtures("no_plots")
@pytest.mark.parametrize("part", ["measure_encodes", "measure_ours"])
def test_an_interrupted_run_goes_on_where_it_was(
    model: str, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    begun = interrupt_after(monkeypatch, 1, part)
    tables = run(model, videos, tmp_path / "out", films=False)
    assert "Interrupted" in tables
    facts = json.loads((tmp_path / "out" / "results.json").read_text())
    assert not facts["complete"]
    assert len(facts["clips"]) == 1
    assert len(begun) == 2
    begun = interrupt_after(monkeypatch, 1, part)
    tables = run(model, videos, tmp_path / "out", films=False)
    assert len(begun) == 1
    assert "Interrupted" not in tables


@pytest.mark.usefixtures("no_plots")
def test_another_model_is_measured_without_the_codecs_part(
    model: str, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(model, videos, tmp_path / "out", films=False, clips=1)
    other = tmp_path / "other.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256"), seed=1), "other").save(other)
    theirs = interrupt_after(monkeypatch, 0, "measure_encodes")
    ours = interrupt_after(monkeypatch, 1, "measure_ours")
    tables = run(str(other), videos, tmp_path / "out", films=False, clips=1)
    assert (theirs, ours) == ([], ["measure_ours"])
    assert "Interrupted" not in tables


@pytest.mark.usefixtures("no_plots")
def test_rates_are_counted_anew_without_measuring(
    model: str, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(model, videos, tmp_path / "out", films=False, bundle=6, clips=1)
    begun = interrupt_after(monkeypatch, 0, "measure_ours")
    tables = run(model, videos, tmp_path / "out", films=False, bundle=6, overhead=60, clips=1)
    assert begun == []
    assert "here 60 bytes a datagram, as captured" in tables
    assert "6 frames a message" in tables


@pytest.mark.usefixtures("no_plots")
def test_what_cannot_be_measured_is_a_line_and_stops_nothing(
    model: str, videos: Path, tmp_path: Path
) -> None:
    (videos / "broken.mp4").write_bytes(b"no video")
    write_video(videos / "nobody.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3)
    write_video(videos / "photo.mp4", person("ada")[:1])
    for _ in range(2):  # measured, and from the records
        tables = run(model, videos, tmp_path / "out", films=False)
        assert "- broken.mp4 is left out: broken.mp4 cannot be read as a video" in tables
        assert "- nobody.mp4 is left out: fewer than two of its frames show a face" in tables
        assert "- photo.mp4 is left out: it has fewer than two frames" in tables
    assert len(json.loads((tmp_path / "out" / "results.json").read_text())["clips"]) == 2


def test_nothing_to_measure_says_why(model: str, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(ConfappError, match=r"No clip was measured\. broken\.mp4") as caught:
        run(model, tmp_path / "videos", tmp_path / "out")
    assert caught.value.error_id == "evaluation-empty"


def test_networks_are_needed(model: str, videos: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        evaluate_compression(
            model, CompressOptions(videos, tmp_path / "out", lpips=NETWORK), untrained=False
        )
    assert caught.value.error_id == "networks-needed"


@pytest.mark.usefixtures("no_plots")
def test_encoders_that_are_missing_are_named(
    model: str, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    (here,) = small_codecs()
    missing = dataclasses.replace(here, name="x999", encoder="libx999")
    monkeypatch.setattr(compress_command, "ANCHOR_CODECS", (here, missing))
    tables = run(model, videos, tmp_path / "out", films=False, clips=1)
    assert "- left out: x999: this PyAV has no encoder" in tables
