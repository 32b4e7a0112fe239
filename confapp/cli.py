"""The `confapp` command: one short function a sub-command, no logic.

Imports stand inside the functions, so that the server and `inspect` start without torch.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from confapp import __version__
from confapp.dataset.cli import data_app
from confapp.errors import ConfappError
from confapp.evaluation.cli import evaluate_app, study_app
from confapp.options import (
    Audio,
    AudioInput,
    AudioOutput,
    CallCodec,
    CallModel,
    CallUntrained,
    Camera,
    Codec,
    Input,
    Json,
    KeepPhotos,
    Loop,
    Microphone,
    Model,
    Name,
    Out,
    Page,
    Passphrase,
    Pitch,
    Record,
    Refresh,
    RelayOnly,
    Roll,
    Room,
    Seconds,
    Source,
    SpeakerName,
    Stats,
    Tables,
    Threads,
    Untrained,
    VirtualCamera,
    Window,
    Yaw,
)
from confapp.pose_offset import PoseOffset
from models.config import DEFAULT_CONFIG

SPIN_COUNT = "1000"  # a few microseconds; docs/performance.md has what others gave

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Video calls from head pose and expression: a photo once, then a few bytes a frame.",
)
tables_app = typer.Typer(no_args_is_help=True, help="The codec's tables.")
app.add_typer(tables_app, name="tables")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(study_app, name="study")
app.add_typer(data_app, name="data")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
) -> None:
    if version:
        print(f"confapp {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port; 0 for any free one")] = None,
    check: Annotated[bool, typer.Option("--check", help="only check the configuration")] = False,
    as_json: Json = False,
) -> None:
    """Run the signaling server that pairs two people."""
    from signaling.configuration_check import check_configuration
    from signaling.server import run
    from signaling.settings import SignalingSettings

    settings = SignalingSettings.from_flags(host=host, port=port)
    if check:
        print("\n".join([*check_configuration(settings), "The configuration is good."]))
        return

    def started(url: str) -> None:
        note = f"Signaling server on {url}. Make a room with: confapp room {url}"
        print(json.dumps({"url": url}) if as_json else note, flush=True)

    run(settings, started)


@app.command()
def room(
    server: Annotated[str, typer.Argument(metavar="SERVER_URL")],
    lobby: Annotated[bool, typer.Option("--lobby", help="the host lets the guest in")] = False,
    passphrase: Passphrase = None,
) -> None:
    """Make a room on a signaling server and print its link; with a lobby, its two links."""
    import asyncio

    from confapp.call.signaling_client import make_room

    links = asyncio.run(make_room(server, lobby=lobby, passphrase=passphrase))
    print(f"Host:  {links.host}\nGuest: {links.guest}" if lobby else links.guest)


@app.command()
def call(
    room_url: Room,
    model: CallModel = None,
    untrained: CallUntrained = None,
    codec: CallCodec = None,
    tables: Tables = None,
    camera: Camera = None,
    clip: Input = None,
    loop: Loop = None,
    source: Source = None,
    name: Name = None,
    page: Page = None,
    window: Window = None,
    virtual_camera: VirtualCamera = None,
    record: Record = None,
    seconds: Seconds = None,
    threads: Threads = None,
    passphrase: Passphrase = None,
    audio: Audio = None,
    audio_input: AudioInput = None,
    audio_output: AudioOutput = None,
    microphone: Microphone = None,
    speaker: SpeakerName = None,
    relay_only: RelayOnly = None,
    refresh: Refresh = None,
    stats: Stats = None,
    keep_photos: KeepPhotos = None,
    as_json: Json = False,
) -> None:
    """Talk with the other person in a room: send and receive."""
    _hold(**locals(), sends=True, receives=True)


@app.command()
def send(
    room_url: Room,
    model: CallModel = None,
    untrained: CallUntrained = None,
    codec: CallCodec = None,
    tables: Tables = None,
    camera: Camera = None,
    clip: Input = None,
    loop: Loop = None,
    source: Source = None,
    record: Annotated[Path | None, typer.Option(help="keep the framed input (.mp4)")] = None,
    seconds: Seconds = None,
    threads: Threads = None,
    passphrase: Passphrase = None,
    audio: Audio = None,
    audio_input: AudioInput = None,
    microphone: Microphone = None,
    relay_only: RelayOnly = None,
    refresh: Refresh = None,
    stats: Stats = None,
    as_json: Json = False,
) -> None:
    """Only send: the other person sees you."""
    _hold(**locals(), sends=True, receives=False)


@app.command()
def receive(
    room_url: Room,
    model: CallModel = None,
    untrained: CallUntrained = None,
    codec: CallCodec = None,
    tables: Tables = None,
    window: Window = None,
    virtual_camera: VirtualCamera = None,
    record: Record = None,
    seconds: Seconds = None,
    threads: Threads = None,
    passphrase: Passphrase = None,
    audio: Audio = None,
    audio_output: AudioOutput = None,
    speaker: SpeakerName = None,
    relay_only: RelayOnly = None,
    stats: Stats = None,
    keep_photos: KeepPhotos = None,
    as_json: Json = False,
) -> None:
    """Only receive: you see the other person."""
    _hold(**locals(), sends=False, receives=True)


@app.command("forget-photos")
def forget_photos() -> None:
    """Delete the photos of other people that earlier calls have kept on this machine."""
    from receiver.photo_cache import PhotoCache, default_folder

    print(f"{PhotoCache(default_folder()).clear()} photos deleted from {default_folder()}")


@app.command()
def encode(
    clip: Annotated[Path, typer.Argument(help="a video of one person")],
    out: Out,
    source: Source = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    codec: Codec = "predictive",
    tables: Tables = None,
) -> None:
    """Code a clip into an .fvc file: a photo and a few bytes a frame."""
    from confapp.clip_files import encode_file, open_model
    from confapp.codec import CodecMode

    head = open_model(model, untrained=untrained)
    encode_file(head, tables, clip, out, source=source, mode=CodecMode(codec))


@app.command()
def decode(
    file: Annotated[Path, typer.Argument(help="an .fvc file")],
    out: Out,
    yaw: Yaw = 0.0,
    pitch: Pitch = 0.0,
    roll: Roll = 0.0,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    tables: Tables = None,
) -> None:
    """Render an .fvc file to a video."""
    from confapp.clip_files import decode_file, open_model

    head = open_model(model, untrained=untrained)
    decode_file(head, tables, file, out, PoseOffset(yaw, pitch, roll))


@app.command()
def reenact(
    source: Annotated[Path, typer.Option(help="the photo to animate")],
    driving: Annotated[Path, typer.Option(help="the clip that moves it")],
    out: Annotated[Path, typer.Option("-o", "--out", help="the video to write")],
    relative: Annotated[
        bool, typer.Option("--relative", help="add the movements to the photo's own pose")
    ] = False,
    yaw: Yaw = 0.0,
    pitch: Pitch = 0.0,
    roll: Roll = 0.0,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
) -> None:
    """Let a photo do what the person in a clip does."""
    from confapp.clip_files import open_model, reenact_file

    head = open_model(model, untrained=untrained)
    reenact_file(head, source, driving, out, PoseOffset(yaw, pitch, roll), relative=relative)


@app.command()
def inspect(
    file: Annotated[
        Path, typer.Argument(help="an .fvc file, a .pcap capture, or a folder of captures")
    ],
    tables: Tables = None,
    plot: Annotated[Path | None, typer.Option(help="draw bytes over time (.svg)")] = None,
    as_json: Json = False,
) -> None:
    """Say what an .fvc file holds (messages, references, bytes by part), or a capture shows."""
    from confapp.capture_inspection import is_capture, print_captures

    if is_capture(file):
        print_captures(file, as_json=as_json)
        return
    from confapp.stream_inspection import print_summary

    print_summary(file, tables=tables, plot=plot, as_json=as_json)


@tables_app.command("fit")
def tables_fit(
    clips: Annotated[
        list[Path], typer.Argument(help="videos of one person each, or shards for training")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="the tables file to write")],
    epoch: Annotated[int, typer.Option(min=1, max=31, help="names these tables in packets")] = 1,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
) -> None:
    """Learn the codec's tables from people's motion."""
    from confapp.clip_files import fit_tables, open_model

    fit_tables(open_model(model, untrained=untrained), clips, out, epoch)


@app.command()
def ranges(
    clips: Annotated[
        list[Path], typer.Argument(help="videos of one person each, or shards for training")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="WEIGHTS.ranges.json, beside WEIGHTS.safetensors")
    ],
    model: Model = DEFAULT_CONFIG,
) -> None:
    """Measure what a model computes with, so that it may run in bytes."""
    from confapp.range_files import measure_ranges

    measure_ranges(model, clips, out)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def train(context: typer.Context) -> None:
    """Train the networks on shards; `confapp train --help` lists the options."""
    from models.training.__main__ import main as train_main

    raise typer.Exit(train_main(context.args))


@app.command()
def doctor(
    models: Annotated[
        bool, typer.Option("--models", help="size and cost of every network")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what this machine has, and what the models ask of it."""
    from confapp.doctor import print_machine, print_models

    (print_models if models else print_machine)(as_json=as_json)


@app.command("bench-link")
def bench_link(
    profile: Annotated[
        Literal["2g", "3g", "satellite", "lossy-wifi"], typer.Option(help="what the link is like")
    ] = "3g",
    seconds: Annotated[float, typer.Option(min=5, help="how long to measure")] = 20,
    outage: Annotated[float, typer.Option(min=0, help="seconds without any network")] = 0,
    as_json: Json = False,
) -> None:
    """Hold a two-way call over an emulated poor link and say how it fared."""
    from dataclasses import asdict

    import confapp.media  # noqa: F401 - before aiortc; see there
    from confapp.emulation.link_bench import bench_link as run
    from confapp.emulation.link_profile import PROFILES

    figures = run(PROFILES[profile], seconds, outage)
    lines = [line for end in figures for line in ("", *end.lines())]
    print(json.dumps([asdict(end) for end in figures]) if as_json else "\n".join(lines[1:]))


@app.command()
def bench(
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="for each stage")] = 3,
    frames: Annotated[int, typer.Option(min=0, help="render so many for the memory figure")] = 0,
    call_seconds: Annotated[
        float, typer.Option("--call", min=0, help="also hold a call of so many seconds")
    ] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures")] = None,
) -> None:
    """Measure the networks on this machine, beside the public layers and a matrix product."""
    from confapp.bench_command import bench as run
    from confapp.benchmark.run import BenchmarkOptions

    run(BenchmarkOptions(model, untrained, seconds, frames, call_seconds), json_file)


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=2, help="length of the call")] = 10,
    out: Annotated[Path, typer.Option(help="folder for demo.mp4")] = Path("out"),
    as_json: Annotated[Path | None, typer.Option("--json", help="also write the figures")] = None,
    model: Model = DEFAULT_CONFIG,
    page: Annotated[bool, typer.Option("--page", help="steer the call in a browser")] = False,
) -> None:
    """Hold a call between two processes on this machine and film it."""
    if page:
        from confapp.demo.page_demo import run_page_demo

        run_page_demo(model)
        return
    from confapp.demo.run import run_demo

    run_demo(model, seconds, out, as_json)


def _hold(room_url: str, *, sends: bool, receives: bool, as_json: bool, **flags: object) -> None:
    """Hold a call with all options of a command, by name; each is a setting of the same name."""
    import confapp.media  # noqa: F401 - before aiortc; see there
    from confapp.call_command import hold
    from confapp.settings import CallSettings

    settings = CallSettings.from_flags(input=flags.pop("clip", None), **flags)
    hold(settings, room_url, sends=sends, receives=receives, as_json=as_json)


def main() -> None:
    """Run the command; an expected failure is one sentence and exit status 1."""
    # Before torch is loaded: threads that spin while they wait take a busy machine's cores from the
    # other end of the call. But to wake one takes longer than most waits, so GNU's wait a moment.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except ConfappError as error:
        print(f"confapp: {error.message}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
