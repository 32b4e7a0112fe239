"""A clip as filmed, as we send it, and as the codecs do: at equal quality, and at equal bits."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

from confapp.evaluation.anchor_codec import AnchorCodec
from confapp.evaluation.compression import ClipCompression, OurStreams, StreamScores
from confapp.evaluation.picture_sheet import SheetRow, picture_sheet
from confapp.evaluation.stream_rate import Counting, FirstPicture, Layer, RateRule
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage

WIRE = Counting(Layer.WIRE, FirstPicture.BOTH)
NEARLY = 1.1  # so many times our bits are about our bits
FILMS = "films"
STREAMS = "streams"

Way = tuple[str, Sequence[RgbImage]]  # caption, and a picture a frame


def write_films(
    out: Path,
    streams: OurStreams,
    scores: ClipCompression,
    codecs: Sequence[AnchorCodec],
    rule: RateRule,
) -> None:
    """One film of all ways together, and one of each by itself, for a preference study.

    In `films/CLIP.mp4`, upper row: camera, ours, each codec at least as good as ours by LPIPS.
    Lower row: the frozen source, and each codec at about our bits. In `streams/WAY/CLIP.mp4` the
    same pictures alone.

    Raises:
        ConfappError: a file cannot be written.
    """
    mode, sample = scores.modes[0], streams.sample
    ours = _caption(scores, mode, rule)
    upper = {"camera": ("camera", sample.frames)}
    upper["ours"] = (ours, [streams.render(streams.modes[0], i) for i in range(len(sample.frames))])
    lower = {"frozen": ("frozen source", [streams.source] * len(sample.frames))}
    for codec in codecs:
        for row, way, index in (
            (upper, "as-good", _as_good(scores, codec.name, mode, rule)),
            (lower, "at-our-bits", _as_dear(scores, codec.name, mode, rule)),
        ):
            one = scores.encodes[index]
            encoded = codec.encode(sample.frames, sample.fps, one.crf, one.smaller)
            caption = _caption(scores, one, rule)
            row[f"{codec.name}-{way}"] = (caption, list(encoded.frames()))
    for way, (_, pictures) in (upper | lower).items():
        _record(out / STREAMS / way / f"{scores.name}.mp4", pictures, sample.fps)
    sheets = (
        _sheet([list(upper.values()), list(lower.values())], number)
        for number in range(len(sample.frames))
    )
    _record(out / FILMS / f"{scores.name}.mp4", sheets, sample.fps)


def _sheet(rows: Sequence[Sequence[Way]], number: int) -> RgbImage:
    """One frame of the film, its sides even as H.264 wants them."""
    shown = [
        SheetRow([caption for caption, _ in row], [pictures[number] for _, pictures in row])
        for row in rows
    ]
    sheet = np.asarray(picture_sheet("ours; kbit/s on the wire, LPIPS", shown), np.uint8)
    even = sheet[: len(sheet) // 2 * 2, : sheet.shape[1] // 2 * 2]
    return np.ascontiguousarray(even)


def _record(path: Path, pictures: Iterable[RgbImage], fps: Fraction) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = iter(pictures)
    first = next(frames)
    with Recorder(path, (first.shape[1], first.shape[0]), fps) as recorder:
        for frame in chain([first], frames):
            recorder.write(frame)


def _as_good(clip: ClipCompression, codec: str, mode: StreamScores, rule: RateRule) -> int:
    """The cheapest encode with no more LPIPS than ours; the best one where there is none."""
    theirs = [index for index, one in enumerate(clip.encodes) if one.name == codec]
    good = [i for i in theirs if clip.encodes[i].scores["lpips"] <= mode.scores["lpips"]]
    if not good:
        return min(theirs, key=lambda i: clip.encodes[i].scores["lpips"])
    return min(good, key=lambda i: rule.kbps(clip, clip.encodes[i], WIRE))


def _as_dear(clip: ClipCompression, codec: str, mode: StreamScores, rule: RateRule) -> int:
    """The best encode for about our bits or fewer; the cheapest one where there is none."""
    theirs = [index for index, one in enumerate(clip.encodes) if one.name == codec]
    rates = {index: rule.kbps(clip, clip.encodes[index], WIRE) for index in theirs}
    most = NEARLY * rule.kbps(clip, mode, WIRE)
    within = [index for index in theirs if rates[index] <= most]
    if not within:
        return min(theirs, key=rates.__getitem__)
    return min(within, key=lambda index: clip.encodes[index].scores["lpips"])


def _caption(clip: ClipCompression, stream: StreamScores, rule: RateRule) -> str:
    name = "ours" if stream.ours else f"{stream.name} {stream.crf} 1/{stream.smaller}"
    return f"{name}  {rule.kbps(clip, stream, WIRE):.1f} kbit/s  {stream.scores['lpips']:.2f}"
