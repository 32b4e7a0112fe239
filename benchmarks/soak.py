"""A long two-way call with sound between two programs: what grows, what drifts, what complains.

Signaling server and both ends are processes of their own. Once a second the memory of each is
read, and each end writes the figures of its call. At the end stand, for each process, its memory
in the last tenth of the time over that in the first tenth after a warm-up, for each end the drift
of sound against picture, and every line that a process has written to stderr after the call stood.
Fewer pictures a second than a camera's, and a small model, leave a busy machine room for other
work: the road of a call is the same.

    python -m benchmarks.soak --minutes 60 [--fps 25] [--model NAME] [--keep FOLDER]
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from confapp.call.signaling_client import create_room
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from models.config import DEFAULT_CONFIG

NAMES = ("ada", "ben")
WARM_UP_S = 120.0
START_S = 300.0  # until both ends have opened their models and met
STOP_S = 10.0
PART = 0.1  # of the time after the warm-up that is compared at both ends of it
MOST_GROWTH = 0.05
MOST_DRIFT_MS = 20.0  # of the skew, over the whole time
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
# Said in every call, before anything can be wrong with it.
ORDINARY = (
    "Safety code: ",
    "The call stands.",
    "The other person's picture is made of one from disk",
    "The other side's photo is here since an earlier call",
)

Series = NDArray[np.float64]


def thinned_clip(name: str, fps: int, folder: Path) -> Path:
    """A demo person's clip with so many pictures a second, without its sound."""
    clip, path = Clip(PEOPLE / f"{name}.mp4"), folder / f"{name}.mp4"
    next_ms, recorder = 0.0, None
    for frame in clip.frames():
        if frame.timestamp_ms < next_ms:
            continue
        next_ms += 1000 / fps
        if recorder is None:
            recorder = Recorder(path, (frame.rgb.shape[1], frame.rgb.shape[0]), fps)
        recorder.write(frame.rgb, frame.timestamp_ms)
    assert recorder is not None
    recorder.close()
    return path


def resident_mib(pid: int) -> float:
    """Memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MIB


def hold(
    seconds: float, fps: int, model: str, folder: Path
) -> dict[str, list[tuple[float, float]]]:
    """Hold the call; for each process its memory in MiB, and when."""
    memory: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as running:

        def start(name: str, *arguments: str, out: int | IO[str]) -> "subprocess.Popen[str]":
            log = running.enter_context((folder / f"{name}.log").open("w"))
            process = subprocess.Popen(
                [sys.executable, "-m", "confapp", *arguments], stdout=out, stderr=log, text=True
            )
            running.callback(stop, process)
            return process

        server = start("server", "serve", "--port", "0", "--json", out=subprocess.PIPE)
        assert server.stdout is not None
        room = asyncio.run(create_room(json.loads(server.stdout.readline())["url"]))
        processes = {"server": server}
        for name in NAMES:
            person = PEOPLE / f"{name}.mp4"
            arguments = ["call", room, "--no-window", "--no-page", "--threads", "1", "--loop"]
            arguments += ["--input", str(thinned_clip(name, fps, folder))]
            arguments += ["--source", str(person.with_suffix(".png"))]
            arguments += [
                "--audio-input",
                str(person),
                "--audio-output",
                str(folder / f"{name}.wav"),
            ]
            arguments += ["--model", model]
            arguments += ["--stats", str(folder / f"{name}.jsonl"), "--untrained"]
            processes[name] = start(name, *arguments, out=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while not all("The call stands." in log_of(name, folder) for name in NAMES):
            if time.monotonic() > deadline:
                raise RuntimeError("the call did not begin: " + log_of(NAMES[0], folder))
            time.sleep(1.0)
        began = time.monotonic()
        while (at := time.monotonic() - began) < seconds:
            for name, process in processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: " + log_of(name, folder))
                memory.setdefault(name, []).append((at, resident_mib(process.pid)))
            time.sleep(1.0)
    return memory


def stop(process: "subprocess.Popen[str]") -> None:
    """Ask it to end, then make it."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_of(name: str, folder: Path) -> str:
    """What a process has written to stderr."""
    return (folder / f"{name}.log").read_text()


def complaints(name: str, folder: Path) -> list[str]:
    """Its lines after the call stood, until it was told to end."""
    _, _, after = log_of(name, folder).partition("The call stands.\n")
    after = after.partition("The call has ended.")[0].partition("The other person has left.")[0]
    return [line for line in after.splitlines() if not line.startswith(ORDINARY)]


def change(series: Series) -> tuple[float, float, float]:
    """Of rows of time and value: medians at both ends after the warm-up, and the slope an hour."""
    settled = series[series[:, 0] >= min(WARM_UP_S, series[-1, 0] / 2)]
    part = max(1, round(PART * len(settled)))
    slope = np.polyfit(settled[:, 0] / 3600, settled[:, 1], 1)[0]
    first, last = np.median(settled[:part, 1]), np.median(settled[-part:, 1])
    return float(first), float(last), float(slope)


def verdict(memory: dict[str, list[tuple[float, float]]], folder: Path) -> bool:
    """Print everything; whether all of it holds."""
    holds = True
    for name, readings in memory.items():
        first, last, slope = change(np.array(readings))
        flat = last / first <= 1 + MOST_GROWTH
        holds &= flat
        print(
            f"memory {name:8} {first:7.1f} -> {last:7.1f} MiB, ratio {last / first:.4f}, "
            f"{slope:+.1f} MiB an hour: {'flat' if flat else 'GROWS'}"
        )
    for name in NAMES:
        lines = (folder / f"{name}.jsonl").read_text().splitlines()
        reports: list[dict[str, Any]] = [json.loads(line) for line in lines]
        skews = [(it["at_s"], it["skew_ms"]) for it in reports if it["skew_ms"] is not None]
        first, last, slope = change(np.array(skews))
        steady = abs(last - first) <= MOST_DRIFT_MS
        holds &= steady
        print(
            f"skew   {name:8} {first:7.1f} -> {last:7.1f} ms, {slope:+.1f} ms an hour: "
            f"{'steady' if steady else 'DRIFTS'}"
        )
        for figure in ("shown_fps", "wire_up_kbps", "concealed_ms", "picture_delay_ms"):
            values = [it[figure] for it in reports if it[figure] is not None]
            print(f"       {name:8} {figure} mean {np.mean(values):.1f}, most {max(values):.1f}")
    for name in memory:
        lines = complaints(name, folder)
        holds &= not lines
        print(f"log    {name:8} {len(lines)} lines", *lines[:5], sep="\n       ")
    print("HOLDS" if holds else "DOES NOT HOLD")
    return holds


def main() -> None:
    """Hold the call, print the verdict; exit status 1 where it does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--fps", type=int, default=25, help="pictures a second of both cameras")
    parser.add_argument("--model", default=DEFAULT_CONFIG, help="configuration or weights file")
    parser.add_argument("--keep", type=Path, help="folder for logs, figures and sound")
    options = parser.parse_args()
    with ExitStack() as opened:
        folder: Path = options.keep or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        memory = hold(60 * options.minutes, options.fps, options.model, folder)
        (folder / "memory.json").write_text(json.dumps(memory))
        holds = verdict(memory, folder)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
