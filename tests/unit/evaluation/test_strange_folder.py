"""Every task on a folder as people have them: a line a strange file, the rest is measured."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from compressed_clips import small_codecs, stand_in_metrics
from made_videos import beside, in_room, person, scaled, write_video
from tiny_models import lively_networks, tiny

from confapp.evaluation import compress_command
from confapp.evaluation.compress_command import CompressOptions, evaluate_compression
from confapp.evaluation.grid_command import (
    GridOptions,
    evaluate_redirection,
    evaluate_transfer,
    evaluate_turn,
)
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruct_command import ReconstructOptions, evaluate_reconstruction
from confapp.media.recorder import Recorder
from models.checkpoints.checkpoint import Checkpoint

GIVEN = Path("given")  # a network; stand-ins are taken
LINES = (
    "- broken.mp4 is left out: broken.mp4 cannot be read as a video",
    "- nobody.mp4 is left out: ",
    "- one.mp4 is left out: it has fewer than two frames",
    "- two.mp4: two faces or more in ",
    "- uneven.mp4: its frame rate varies",
    "- wide.mp4: its pictures of 480x256 are framed as in a call",
)

Task = Callable[[str, Path, Path], str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ada, ben = person("ada"), person("ben")
    videos = tmp_path / "videos"
    write_video(videos / "ada.mp4", ada[:3])
    write_video(videos / "odd.mp4", [frame[:254, :254] for frame in ben[:3]])
    (videos / "broken.mp4").write_bytes(b"no video")
    write_video(videos / "nobody.mp4", [np.zeros((64, 64, 3), np.uint8)] * 3)
    write_video(videos / "one.mp4", ada[:1])
    pairs = [beside(scaled(a, 128), scaled(b, 128)) for a, b in zip(ada[:3], ben[:3], strict=True)]
    write_video(videos / "two.mp4", [np.vstack([pair, pair * 0 + 90]) for pair in pairs])
    write_video(videos / "wide.mp4", [in_room(frame, 180) for frame in ben[:3]])
    with Recorder(videos / "uneven.mp4", (256, 256), Fraction(25)) as recorder:
        for frame, at_ms in zip(ben[:4], (0, 40, 80, 400), strict=True):
            recorder.write(frame, at_ms)
    return videos


def reconstruct(model: str, videos: Path, out: Path) -> str:
    options = ReconstructOptions(videos=videos, landmarks=GIVEN, out=out)
    return evaluate_reconstruction(model, options, untrained=False)


def transfer(model: str, videos: Path, out: Path) -> str:
    options = GridOptions(out, videos=videos, landmarks=GIVEN)
    return evaluate_transfer(model, options, untrained=False, drivers=1)


def turn(model: str, videos: Path, out: Path) -> str:
    return evaluate_turn(model, GridOptions(out, videos=videos, landmarks=GIVEN), untrained=False)


def redirect(model: str, videos: Path, out: Path) -> str:
    options = GridOptions(out, videos=videos, landmarks=GIVEN)
    return evaluate_redirection(model, options, untrained=False)


def compress(model: str, videos: Path, out: Path) -> str:
    options = CompressOptions(videos, out, GIVEN, GIVEN, frames=2, films=False)
    return evaluate_compression(model, options, untrained=False)


@pytest.mark.parametrize("task", [reconstruct, transfer, turn, redirect, compress])
def test_a_line_each_and_the_rest_goes_on(
    task: Task, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = stand_in_metrics(tmp_path)
    monkeypatch.setattr(PictureMetrics, "load", lambda *_: metrics)
    monkeypatch.setattr(compress_command, "ANCHOR_CODECS", small_codecs())
    monkeypatch.setattr(compress_command, "rate_distortion_plot", lambda *_: "<svg></svg>")
    model = tmp_path / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(model)
    tables = task(str(model), folder, tmp_path / "out")
    files = tables[tables.index("## Files") : tables.index("## Networks")]
    for line in LINES:
        assert line in files
    figures = (tmp_path / "out" / "results.json").read_text()
    for name in ("ada", "odd", "two", "uneven", "wide"):
        assert f'"{name}"' in figures or f"transfer-{name}" in figures
