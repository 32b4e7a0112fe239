"""Clips and photos to .fvc files and videos, with progress on the terminal."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from confapp.codec import CodecMode, CodecTables, TableError
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from confapp.model_tables import tables_for
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from confapp.shard_motion import shard_motion
from models.engine_plan import EnginePlan
from models.talking_head import UNTRAINED_WARNING, TalkingHead
from receiver.clip_decoder import ClipDecoder
from receiver.reenactment import Reenactment
from receiver.rendered_frame import RenderedFrame
from sender.clip_encoder import DrivingClip, EncodingReport, encode_clip
from sender.source_photo import SourcePhoto

Item = TypeVar("Item")
console = Console(stderr=True)


def open_model(model: str, *, untrained: bool, plan: EnginePlan | None = None) -> TalkingHead:
    """Open a model and say so when it is untrained.

    Args:
        plan: how it runs; None for the fastest way on this machine.

    Raises:
        CheckpointError: there is no such model, or no weights for it.
    """
    head = TalkingHead.open(model, untrained=untrained, plan=plan)
    if not head.trained:
        console.print(f"[yellow]{UNTRAINED_WARNING}[/]", highlight=False)
    return head


def encode_file(
    head: TalkingHead,
    tables: Path | None,
    clip_path: Path,
    out: Path,
    *,
    source: Path | None,
    mode: CodecMode,
) -> None:
    """`confapp encode`: a clip to an .fvc file.

    Raises:
        ConfappError: the clip, the photo or the file cannot be used.
    """
    driving = DrivingClip(head, Clip(clip_path))
    photo = SourcePhoto.of_file(source, head.config.image_size) if source else None
    codec = tables_for(head, tables).codec(mode)
    for _ in _progress(encode_clip(driving, codec, out, photo), "encoding"):
        pass
    _say_report(driving.report)
    console.print(
        f"{out}: {driving.report.frames} frames, {out.stat().st_size} bytes", highlight=False
    )


def decode_file(
    head: TalkingHead, tables: Path | None, path: Path, out: Path, offset: PoseOffset
) -> None:
    """`confapp decode`: an .fvc file to a video.

    Raises:
        ConfappError: the file belongs to another model, or one of the two cannot be used.
    """
    decoder = ClipDecoder(path, head, tables_for(head, tables))
    record(decoder.frames(offset), out, head.config.image_size, decoder.header.fps)
    if decoder.unreadable:
        console.print(f"{decoder.unreadable} packets could not be read and were left out.")
    if decoder.break_reason:
        console.print(f"[yellow]{decoder.break_reason}[/]", highlight=False)


def reenact_file(
    head: TalkingHead, source: Path, driving: Path, out: Path, offset: PoseOffset, *, relative: bool
) -> None:
    """`confapp reenact`: a photo that does what the person in a clip does, to a video.

    Raises:
        ConfappError: the photo, the clip or the video cannot be used.
    """
    clip = Clip(driving)
    photo = SourcePhoto.of_file(source, head.config.image_size)
    reenactment = Reenactment(head, photo, clip, relative=relative)
    record(reenactment.frames(offset), out, head.config.image_size, clip.fps)
    _say_report(reenactment.report)


def fit_tables(head: TalkingHead, sources: list[Path], out: Path, epoch: int) -> CodecTables:
    """`confapp tables fit`: learn the codec's tables from clips, and from shards for training.

    Raises:
        ConfappError: a clip cannot be used, or the file cannot be written.
    """
    if not out.parent.is_dir():
        raise TableError("table-unwritable", f"{out.parent} is no folder; choose another file.")
    clips: list[list[MotionFrame]] = []
    for path in sources:
        if path.is_dir() or path.suffix == ".tar":
            clips += _progress(shard_motion(head, [path]), path.name)
        else:
            frames = _progress(iter(DrivingClip(head, Clip(path))), path.name)
            clips.append([frame.motion for frame in frames])
    tables = CodecTables.fit(clips, epoch)
    tables.save(out)
    console.print(
        f"{out}: epoch {epoch}, {sum(map(len, clips))} frames of {len(clips)} clips; frequencies "
        f"{tables.frequency.fingerprint}, prediction {tables.prediction.fingerprint}",
        highlight=False,
    )
    return tables


def record(frames: Iterator[RenderedFrame], out: Path, size: int, fps: Fraction) -> None:
    """Write rendered frames to a video, each at its own time.

    Raises:
        ConfappError: the video cannot be written.
    """
    with Recorder(out, (size, size), fps) as recorder:
        for frame in _progress(frames, "rendering"):
            recorder.write(frame.rgb, frame.timestamp_ms)


def _progress(items: Iterator[Item], what: str) -> Iterator[Item]:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        for item in items:
            yield item
            progress.advance(task)


def _say_report(report: EncodingReport) -> None:
    if report.skipped:
        console.print(f"{report.skipped} frames before the first face were left out.")
    if report.held:
        console.print(f"{report.held} frames without a face hold the last motion.")
    if report.broken:
        console.print(f"[yellow]The clip breaks off: {report.broken}.[/]", highlight=False)
