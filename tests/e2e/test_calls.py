"""Calls between processes, and what each failure says."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from confapp_process import Start
from x_display import x_display, xdotool

from confapp.media.clip import Clip
from confapp.media.sound_file import read_sound
from confapp.media.sound_format import level_dbfs

PAPER_BYTES = 6 * 5 + 12  # of a frame, K = 5, under tables that know nothing


@pytest.mark.parametrize("codec", ["predictive", "paper"])
def test_one_sends_and_one_receives(
    start: Start, room: str, model: Path, ada: Path, tmp_path: Path, *, codec: str
) -> None:
    film = tmp_path / "seen.mp4"
    common = ("--model", model, "--codec", codec, "--json")
    receiver = start("receive", room, *common, "--no-window", "--record", film)
    sender = start("send", room, *common, "--input", ada, "--loop", "--seconds", 3)
    sent, received = sender.account(), receiver.account()

    assert sent["end"] == "closed"
    assert received["end"] == "peer-left"
    made_up = received["receiver"]["extrapolated"]
    assert 0 < received["receiver"]["rendered"] <= received["receiver"]["received"] + made_up
    assert received["receiver"]["received"] <= sent["sender"]["sent"] <= sent["sender"]["captured"]
    frame_bytes = sent["sender"]["bytes_per_frame"]
    if codec == "paper":
        assert frame_bytes == pytest.approx(PAPER_BYTES, abs=1.5)
    else:
        assert 0 < frame_bytes < PAPER_BYTES / 2
    assert sent["wire_up_kbps"] > sent["sender"]["payload_kbps"] > 0
    assert received["receiver"]["latency_ms_p50"] <= received["receiver"]["latency_ms_p95"]
    assert received["fingerprint"] == sent["fingerprint"]
    assert sum(1 for _ in Clip(film).frames()) == received["receiver"]["rendered"]


def test_ctrl_c_ends_both_sides_cleanly(start: Start, room: str, model: Path, ada: Path) -> None:
    options = ("--model", model, "--input", ada, "--loop", "--no-window", "--json")
    one, other = start("call", room, *options), start("call", room, *options)
    one.wait_for("The call stands.")
    other.wait_for("The call stands.")
    one.signal(signal.SIGINT)
    assert one.account()["end"] == "closed"
    assert other.account()["end"] == "peer-left"
    assert "Traceback" not in one.said + other.said


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server that every `confapp` of the test uses."""
    for name in x_display():
        monkeypatch.setenv("DISPLAY", name)
        yield name


def test_the_window_shows_the_call_and_q_hangs_up(
    start: Start, room: str, model: Path, ada: Path, display: str
) -> None:
    one = start("call", room, "--model", model, "--input", ada, "--loop", "--json")
    other = start("send", room, "--model", model, "--input", ada, "--loop", "--json")
    window = xdotool(display, "search", "--sync", "--onlyvisible", "--name", "confapp")
    one.wait_for("The call stands.")
    xdotool(display, "windowfocus", "--sync", window.split()[0])
    xdotool(display, "keydown", "--window", window.split()[0], "q")  # closes it: no key comes up
    assert one.account()["end"] == "closed"
    assert other.account()["end"] == "peer-left"


def test_ctrl_c_while_waiting(start: Start, room: str, model: Path) -> None:
    alone = start("receive", room, "--model", model, "--no-window", "--json")
    alone.wait_for("Waiting for the other person.")
    alone.signal(signal.SIGTERM)
    assert alone.account()["end"] is None
    assert "Traceback" not in alone.said


def test_a_room_that_does_not_exist(start: Start, server: str, model: Path) -> None:
    stranger = start("receive", f"{server}/r/nowhere", "--model", model, "--no-window")
    assert "room" in stranger.refusal()


def test_a_server_that_does_not_answer(start: Start, model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/r/any"
        assert "server" in start("receive", url, "--model", model, "--no-window").refusal()


def test_a_third_person(start: Start, room: str, model: Path, ada: Path) -> None:
    options = ("--model", model, "--no-window")
    one = start("receive", room, *options)
    other = start("send", room, "--model", model, "--input", ada, "--loop")
    one.wait_for("The call stands.")
    third = start("receive", room, *options)
    assert "Two people are in this room already" in third.refusal()
    other.signal(signal.SIGINT)
    assert other.result()[0] == 0
    assert one.result()[0] == 0


def test_a_peer_with_other_weights(
    start: Start, room: str, model: Path, other_model: Path, ada: Path
) -> None:
    one = start("receive", room, "--model", model, "--no-window")
    other = start("send", room, "--model", other_model, "--input", ada)
    assert "same model and weights" in one.refusal()
    assert "same model and weights" in other.refusal()


def test_a_missing_camera(start: Start, room: str, model: Path) -> None:
    assert "--input" in start("send", room, "--model", model, "--camera", "97").refusal()


def test_an_unreadable_clip(start: Start, room: str, model: Path, tmp_path: Path) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_text("these are notes, not a video")
    assert "notes.mp4" in start("send", room, "--model", model, "--input", clip).refusal()


def test_no_display(start: Start, room: str, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert "--no-window" in start("receive", room, "--model", model).refusal()


def test_a_port_in_use(start: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"{port}" in start("serve", "--port", port).refusal()


def test_no_trained_weights(start: Start, room: str) -> None:
    said = start("receive", room, "--model", "paper-256", "--no-window").refusal()
    assert "--untrained" in said


def test_a_setting_that_is_wrong(start: Start, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFAPP_SECONDS", "soon")
    assert "seconds" in start("receive", room).refusal()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CONFAPP_SIGNALING_PORT", "abc"), ("CONFAPP_SIGNALING_ICE_SERVERS", "garbage")],
)
def test_a_server_setting_that_is_wrong(
    start: Start, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert "CONFAPP_SIGNALING_" in start("serve").refusal()


def test_a_port_that_there_is_not(start: Start) -> None:
    assert "'port'" in start("serve", "--port", 70000).refusal()


def test_both_hear_each_other_and_see_the_same_safety_code(
    start: Start, room: str, model: Path, ada: Path, tmp_path: Path
) -> None:
    heard, figures = tmp_path / "heard.wav", tmp_path / "figures.jsonl"
    options = ("--model", model, "--input", ada, "--loop", "--no-window", "--json")
    one = start("call", room, *options, "--audio-output", heard, "--stats", figures)
    other = start("call", room, *options, "--seconds", 5)
    other.account()
    one.account()
    codes = [
        next(line for line in side.said.splitlines() if line.startswith("Safety code: "))
        for side in (one, other)
    ]
    assert codes[0] == codes[1]
    assert level_dbfs(read_sound(heard)) > -45
    reports = [json.loads(line) for line in figures.read_text().splitlines()]
    assert reports[0]["state"] in ("live", "degraded")
    assert max(report["sound_up_kbps"] for report in reports) > 5
    assert all(report["wire_up_kbps"] >= report["sound_up_kbps"] for report in reports)


def test_no_audio_sends_no_sound(
    start: Start, room: str, model: Path, ada: Path, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.jsonl"
    options = ("--model", model, "--input", ada, "--loop", "--no-window", "--no-audio", "--json")
    one = start("call", room, *options, "--stats", figures)
    start("call", room, *options, "--seconds", 2).account()
    one.account()
    reports = [json.loads(line) for line in figures.read_text().splitlines()]
    assert {report["sound_up_kbps"] for report in reports} == {0.0}


def test_a_sound_file_that_is_missing(start: Start, room: str, model: Path, ada: Path) -> None:
    options = ("--model", model, "--input", ada, "--no-window")
    assert "none.wav" in start("call", room, *options, "--audio-input", "none.wav").refusal()


def test_bench_link_holds_a_call_over_a_poor_link(start: Start) -> None:
    bench = start("bench-link", "--profile", "lossy-wifi", "--seconds", 5, "--json")
    status, output = bench.result()
    assert status == 0, bench.said
    for end in json.loads(output):
        assert end["shown_fps"] > 5
        assert 0.02 < end["lost_share"] < 0.3
        assert end["wire_up_kbps"] > 10
