"""`confapp demo`: a real call between two processes of this machine, and its film."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import track

from confapp.call.signaling_client import create_room
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from confapp.media.side_by_side import side_by_side

DRIVER = "ada"
GRACE_S = 120  # beyond the call's own length, from the server's start to the last account
STOP_S = 5  # until a process that was told to stop is killed
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class DemoFigures:
    """The figures of one call, both ends put together.

    Attributes:
        captured: frames that the clip gave in real time.
        sent, received, rendered: how far they came.
        extrapolated: of the rendered, those in place of motion that did not come in time.
        dropped: captured and not rendered; the newest frame wins at each stage.
        payload_kbps: coded motion without headers.
        wire_kbps: IP datagrams from sender to receiver, all headers counted, photo apart.
        wire_return_kbps: the other way, acknowledgements.
        bytes_per_frame: payload of one frame.
        latency_ms_p50, latency_ms_p95: capture to rendered.
        fps: rendered pictures a second.
        thinned: frames left out by the receiver's quality step.
        quality_step: where that stood at the end, 0 is the best.
        sender_loop_lag_ms_p99, receiver_loop_lag_ms_p99: how late the event loops were.
    """

    captured: int
    sent: int
    received: int
    rendered: int
    extrapolated: int
    dropped: int
    payload_kbps: float
    wire_kbps: float
    wire_return_kbps: float
    bytes_per_frame: float
    source_bytes: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    fps: float
    thinned: int
    quality_step: int
    sender_loop_lag_ms_p99: float | None
    receiver_loop_lag_ms_p99: float | None
    model: str
    fingerprint: str
    trained: bool


def run_demo(model: str, seconds: float, out: Path, figures_file: Path | None) -> None:
    """Hold the call, write `out`/demo.mp4, print the figures.

    Raises:
        ConfappError: one of the processes failed, or the film cannot be written.
    """
    console = Console(stderr=True)
    try:  # before the call, not after it
        out.mkdir(parents=True, exist_ok=True)
        if figures_file is not None:
            figures_file.touch()
    except OSError as error:
        raise ConfappError(
            "file-unwritable",
            f"{error.filename} cannot be written ({error.strerror}); choose another place.",
        ) from error
    films = out / "input.mp4", out / "rendered.mp4"
    console.print(
        f"A call of {seconds:g} s between two processes: {DRIVER}.mp4, a synthetic person who does "
        "not exist, is coded, sent over WebRTC and rendered again.",
        highlight=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        sender, receiver = _hold_call(model, seconds, films, Path(folder))
    figures = _figures(sender, receiver)
    if figures.rendered == 0:
        raise ConfappError("demo-failed", "Nothing was rendered: this machine is too slow.")
    first_sent = sender["sender"]["first_timestamp_ms"]
    first_rendered_ms = receiver["receiver"]["first_timestamp_ms"] - first_sent
    _film(films, first_rendered_ms, figures.sent, out / "demo.mp4")
    for name, value in asdict(figures).items():
        print(f"{name:24} {value}")
    if figures_file is not None:
        figures_file.write_text(json.dumps(asdict(figures), indent=1) + "\n")
    console.print(f"Look at it: {out / 'demo.mp4'}", highlight=False)


def _hold_call(
    model: str, seconds: float, films: tuple[Path, Path], folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Server, receiver and sender as processes of their own; the two ends' accounts."""
    deadline = time.monotonic() + seconds + GRACE_S
    common = ["--model", model, "--untrained", "--json"]  # trained weights come first
    clip = ["--input", str(PEOPLE / f"{DRIVER}.mp4"), "--loop", "--seconds", f"{seconds}"]
    photo = ["--source", str(PEOPLE / f"{DRIVER}.png")]
    record_input, record_rendering = (["--record", str(film)] for film in films)
    with ExitStack() as running:

        def start(name: str, *arguments: str) -> Process:
            return running.enter_context(Process(name, folder, arguments))

        server = start("server", "serve", "--port", "0", "--json")
        wait_for(lambda: server.output.endswith("\n"), [server], deadline)
        room = asyncio.run(create_room(json.loads(server.output)["url"]))
        quiet = ("--no-window", "--no-keep-photos")
        receiver = start("receiver", "receive", room, *common, *quiet, *record_rendering)
        sender = start("sender", "send", room, *common, *clip, *photo, *record_input)
        wait_for(lambda: sender.done and receiver.done, [server, receiver, sender], deadline)
        return json.loads(sender.output), json.loads(receiver.output)


class Process:
    """A `confapp` command; its output is kept in a file, and it is stopped when its `with` ends.

    Args:
        name: what a person calls it.
        folder: for the file.
        arguments: sub-command and options.
    """

    def __init__(self, name: str, folder: Path, arguments: Sequence[str]) -> None:
        self.name = name
        self._output = folder / name
        with self._output.open("w") as file:
            self._running = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "confapp", *arguments], stdout=file
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text()

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return self._running.poll() == 0

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise."""
        return self._running.poll() not in (None, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.terminate()
        try:
            self._running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


def wait_for(finished: Callable[[], bool], processes: list[Process], deadline: float) -> None:
    """Wait until `finished`; the first process that fails ends the waiting.

    Raises:
        ConfappError: `demo-failed`.
    """
    while not finished():
        for process in processes:
            if process.failed:
                raise ConfappError(
                    "demo-failed", f"The {process.name} failed; what it said stands above."
                )
        if time.monotonic() > deadline:
            names = " and ".join(process.name for process in processes if not process.done)
            raise ConfappError("demo-failed", f"The call did not end in time ({names}); see above.")
        time.sleep(POLL_S)


def _figures(sender: dict[str, Any], receiver: dict[str, Any]) -> DemoFigures:
    sent, got = sender["sender"], receiver["receiver"]
    return DemoFigures(
        captured=sent["captured"],
        sent=sent["sent"],
        received=got["received"],
        rendered=got["rendered"],
        extrapolated=got["extrapolated"],
        dropped=sent["captured"] - (got["rendered"] - got["extrapolated"]),
        payload_kbps=sent["payload_kbps"],
        wire_kbps=sender["wire_up_kbps"],
        wire_return_kbps=sender["wire_down_kbps"],
        bytes_per_frame=sent["bytes_per_frame"],
        source_bytes=sent["source_bytes"],
        latency_ms_p50=got["latency_ms_p50"],
        latency_ms_p95=got["latency_ms_p95"],
        fps=got["fps"],
        thinned=got["thinned"],
        quality_step=got["quality_step"],
        sender_loop_lag_ms_p99=sender["loop_lag_ms_p99"],
        receiver_loop_lag_ms_p99=receiver["loop_lag_ms_p99"],
        model=receiver["model"],
        fingerprint=receiver["fingerprint"],
        trained=receiver["trained"],
    )


def _film(films: tuple[Path, Path], first_rendered_ms: int, frames: int, out: Path) -> None:
    """Input and rendering side by side; a rendering stays until the next one.

    Args:
        films: the framed input and the rendering; each one's times begin at 0.
        first_rendered_ms: when the first rendering was captured, on the input's times.
        frames: about how many the input has, for the progress shown.
    """
    given, rendered = (Clip(film) for film in films)
    upcoming = rendered.frames()
    shown, following = next(upcoming), next(upcoming, None)
    blank = side_by_side(shown.rgb, shown.rgb)
    with Recorder(out, (blank.shape[1], blank.shape[0]), given.fps) as recorder:
        for frame in track(given.frames(), "filming", frames, console=Console(stderr=True)):
            while following and following.timestamp_ms + first_rendered_ms <= frame.timestamp_ms:
                shown, following = following, next(upcoming, None)
            recorder.write(side_by_side(frame.rgb, shown.rgb), frame.timestamp_ms)
