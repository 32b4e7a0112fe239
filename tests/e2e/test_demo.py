"""`confapp demo` as a person runs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from confapp_process import Start

from confapp.media.clip import Clip
from confapp.media.side_by_side import LABEL_HEIGHT
from models.talking_head import TalkingHead

FIGURES = {
    "captured",
    "sent",
    "received",
    "rendered",
    "extrapolated",
    "dropped",
    "payload_kbps",
    "wire_kbps",
    "bytes_per_frame",
    "latency_ms_p50",
    "latency_ms_p95",
    "fps",
    "model",
    "fingerprint",
}
SIZE = 64  # pixels, of the small model
CODING_LOSS = 8  # of 255, mean over a picture that H.264 coded once more


def test_the_demo_measures_and_films_a_call(start: Start, model: Path, tmp_path: Path) -> None:
    figures_file, out = tmp_path / "demo.json", tmp_path / "out"
    demo = start("demo", "--model", model, "--seconds", 3, "--json", figures_file, "--out", out)
    status, printed = demo.result()
    assert status == 0, demo.said

    figures = json.loads(figures_file.read_text())
    assert figures.keys() >= FIGURES
    assert all(name in printed for name in FIGURES)
    told = figures["rendered"] - figures["extrapolated"]
    assert 0 < told <= figures["received"] <= figures["sent"] <= figures["captured"]
    assert figures["dropped"] == figures["captured"] - told
    assert figures["wire_kbps"] > figures["payload_kbps"] > 0
    # known to half a round trip, which on a busy machine is more than a small model takes
    assert figures["latency_ms_p50"] <= figures["latency_ms_p95"]
    assert figures["bytes_per_frame"] > 0
    assert figures["fps"] > 0
    head = TalkingHead.open(str(model))
    assert (figures["model"], figures["fingerprint"]) == (head.config.name, head.fingerprint)

    given, rendered, film = (
        [frame.rgb.astype(float) for frame in Clip(out / name).frames()]
        for name in ("input.mp4", "rendered.mp4", "demo.mp4")
    )
    assert len(rendered) == figures["rendered"]
    assert len(film) == len(given)
    assert film[0].shape == (LABEL_HEIGHT + SIZE, 2 * SIZE, 3)
    left, right = np.split(film[-1][LABEL_HEIGHT:], 2, axis=1)
    unmarked = slice(0, SIZE // 2)  # the mark stands below
    assert np.abs(left - given[-1]).mean() < CODING_LOSS
    assert np.abs(right - rendered[-1])[unmarked].mean() < CODING_LOSS
    assert np.abs(left - right).mean() > 2 * CODING_LOSS


def test_a_place_that_cannot_be_written(start: Start, tmp_path: Path) -> None:
    demo = start("demo", "--json", tmp_path / "nowhere" / "demo.json", "--out", tmp_path)
    assert demo.result()[0] == 1
    assert "demo.json cannot be written" in demo.said
    assert "Traceback" not in demo.said


def test_the_first_failure_ends_the_demo(start: Start, model: Path, tmp_path: Path) -> None:
    """Far sooner than the call's length: a sender alone in the room is not waited for."""
    (tmp_path / "rendered.mp4").mkdir()  # only the receiver stumbles over it
    demo = start("demo", "--model", model, "--seconds", 1000, "--out", tmp_path)
    assert demo.result()[0] == 1
    assert "a folder has this name" in demo.said
    assert "confapp: The receiver failed; what it said stands above." in demo.said


def test_a_server_that_does_not_start(
    start: Start, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFAPP_SIGNALING_MAX_ROOMS", "0")
    demo = start("demo", "--model", model, "--out", tmp_path)
    assert demo.result()[0] == 1
    assert "'max_rooms'" in demo.said
    assert "confapp: The server failed; what it said stands above." in demo.said
