"""`confapp demo`: a real call between two processes of this machine, and its film."""

import asyncio
import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from confapp.call.signaling_client import create_room
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from confapp.media.side_by_side import side_by_side

DRIVER = "ada"
START_S = 60  # until the server answers
GRACE_S = 120  # beyond the call's own length, until both processes are gone
STOP_S = 5


@dataclass(frozen=True, slots=True)
class DemoFigures:
    """The figures of one call, both ends put together.

    Attributes:
        captured: frames that the clip gave in real time.
        sent, received, rendered: how far they came.
        dropped: captured and not rendered; the newest frame wins at each stage.
        payload_kbps: coded motion without headers.
        wire_kbps: IP datagrams from sender to receiver, all headers counted, photo apart.
        wire_return_kbps: the other way, acknowledgements.
        bytes_per_frame: payload of one frame.
        latency_ms_p50, latency_ms_p95: capture to rendered.
        fps: rendered pictures a second.
    """

    captured: int
    sent: int
    received: int
    rendered: int
    dropped: int
    payload_kbps: float
    wire_kbps: float
    wire_return_kbps: float
    bytes_per_frame: float
    source_bytes: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    fps: float
    model: str
    fingerprint: str
    trained: bool


def run_demo(model: str, seconds: float, out: Path, figures_file: Path | None) -> None:
    """Hold the call, write `out`/demo.mp4, print the figures.

    Raises:
        ConfappError: one of the processes failed, or the film cannot be written.
    """
    console = Console(stderr=True)
    out.mkdir(parents=True, exist_ok=True)
    films = out / "input.mp4", out / "rendered.mp4"
    console.print(
        f"A call of {seconds:g} s between two processes: {DRIVER}.mp4, a synthetic person who does "
        "not exist, is coded, sent over WebRTC and rendered again.",
        highlight=False,
    )
    sender, receiver = _hold_call(model, seconds, films)
    figures = _figures(sender, receiver)
    if figures.rendered == 0:
        raise ConfappError("demo-failed", "Nothing was rendered: this machine is too slow.")
    first_sent = sender["sender"]["first_timestamp_ms"]
    _film(films, receiver["receiver"]["first_timestamp_ms"] - first_sent, out / "demo.mp4")
    for name, value in asdict(figures).items():
        print(f"{name:18} {value}")
    if figures_file is not None:
        figures_file.write_text(json.dumps(asdict(figures), indent=1) + "\n")
    console.print(f"Look at it: {out / 'demo.mp4'}", highlight=False)


def _hold_call(
    model: str, seconds: float, films: tuple[Path, Path]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Server, receiver and sender as processes of their own; the two ends' accounts."""
    common = ["--model", model, "--untrained", "--json"]  # trained weights come first
    clip = ["--input", str(PEOPLE / f"{DRIVER}.mp4"), "--loop"]
    photo = ["--source", str(PEOPLE / f"{DRIVER}.png")]
    with ExitStack() as processes:
        server = processes.enter_context(_process("serve", "--port", "0", "--json"))
        assert server.stdout is not None  # noqa: S101 (piped)
        url = json.loads(server.stdout.readline() or "{}").get("url")
        if url is None:
            raise ConfappError("demo-failed", "The signaling server did not start; see above.")
        room = asyncio.run(create_room(url))
        receiver = processes.enter_context(
            _process("receive", room, *common, "--no-window", "--record", str(films[1]))
        )
        sender = processes.enter_context(
            _process(
                "send",
                room,
                *common,
                *clip,
                *photo,
                "--seconds",
                f"{seconds}",
                "--record",
                str(films[0]),
            )
        )
        return _account(sender, "sender", seconds), _account(receiver, "receiver", seconds)


class _process(subprocess.Popen[str]):  # noqa: N801 - reads as the function it stands for
    """A `confapp` command with its output piped; stopped when its `with` ends."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(
            [sys.executable, "-m", "confapp", *arguments], stdout=subprocess.PIPE, text=True
        )

    def __exit__(self, *_: object) -> None:
        self.terminate()
        try:
            self.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self.communicate()


def _account(process: subprocess.Popen[str], name: str, seconds: float) -> dict[str, Any]:
    try:
        output, _ = process.communicate(timeout=seconds + GRACE_S)
    except subprocess.TimeoutExpired:
        raise ConfappError("demo-failed", f"The {name} did not end; see above.") from None
    if process.returncode != 0:
        raise ConfappError("demo-failed", f"The {name} failed; what it said stands above.")
    account: dict[str, Any] = json.loads(output)
    return account


def _figures(sender: dict[str, Any], receiver: dict[str, Any]) -> DemoFigures:
    sent, got = sender["sender"], receiver["receiver"]
    return DemoFigures(
        captured=sent["captured"],
        sent=sent["sent"],
        received=got["received"],
        rendered=got["rendered"],
        dropped=sent["captured"] - got["rendered"],
        payload_kbps=sent["payload_kbps"],
        wire_kbps=sender["wire_up_kbps"],
        wire_return_kbps=sender["wire_down_kbps"],
        bytes_per_frame=sent["bytes_per_frame"],
        source_bytes=sent["source_bytes"],
        latency_ms_p50=got["latency_ms_p50"],
        latency_ms_p95=got["latency_ms_p95"],
        fps=got["fps"],
        model=receiver["model"],
        fingerprint=receiver["fingerprint"],
        trained=receiver["trained"],
    )


def _film(films: tuple[Path, Path], first_rendered_ms: int, out: Path) -> None:
    """Input and rendering side by side; a rendering stays until the next one.

    Args:
        films: the framed input and the rendering; each one's times begin at 0.
        first_rendered_ms: when the first rendering was captured, on the input's times.
    """
    given, rendered = (Clip(film) for film in films)
    upcoming = rendered.frames()
    shown, following = next(upcoming), next(upcoming, None)
    blank = side_by_side(shown.rgb, shown.rgb)
    with Recorder(out, (blank.shape[1], blank.shape[0]), given.fps) as recorder:
        for frame in track(list(given.frames()), "filming", console=Console(stderr=True)):
            while following and following.timestamp_ms + first_rendered_ms <= frame.timestamp_ms:
                shown, following = following, next(upcoming, None)
            recorder.write(side_by_side(frame.rgb, shown.rgb), frame.timestamp_ms)
