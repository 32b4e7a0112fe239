"""A clip as filmed, as we send it, and as the codecs do: at equal quality, and at equal bits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from confapp.evaluation.compression import ClipCompression, ClipStreams, StreamScores
from confapp.evaluation.picture_sheet import SheetRow, picture_sheet
from confapp.evaluation.stream_rate import Counting, FirstPicture, Layer, RateRule
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage

WIRE = Counting(Layer.WIRE, FirstPicture.BOTH)
NEARLY = 1.1  # so many times our bits are about our bits


def write_film(path: Path, streams: ClipStreams, scores: ClipCompression, rule: RateRule) -> None:
    """Upper row: camera, ours, each codec at least as good as ours. Lower row: the frozen source,
    and each codec at about our bits.

    Raises:
        ConfappError: the file cannot be written.
    """
    mode = scores.modes[0]
    rate = rule.kbps(scores, mode, WIRE)
    codecs = list(dict.fromkeys(one.name for one in scores.encodes))
    as_good = [_as_good(scores, name, mode, rule) for name in codecs]
    as_dear = [_as_dear(scores, name, rate, rule) for name in codecs]
    shown = [list(streams.encodes[index].frames()) for index in (*as_good, *as_dear)]
    captions = [_caption(scores, scores.encodes[index], rule) for index in (*as_good, *as_dear)]
    ours = _caption(scores, mode, rule)
    size = _sheet(streams, mode.name, shown, [ours, *captions], 0).shape
    with Recorder(path, (size[1], size[0]), streams.fps) as recorder:
        for number in range(len(streams.frames)):
            recorder.write(_sheet(streams, mode.name, shown, [ours, *captions], number))


def _sheet(
    streams: ClipStreams,
    mode: str,
    shown: Sequence[Sequence[RgbImage]],
    captions: Sequence[str],
    number: int,
) -> RgbImage:
    """One frame, its sides even as H.264 wants them."""
    ours, *others = captions
    half = len(shown) // 2
    pictures = [one[number] for one in shown]
    rendering = streams.render(mode, number)
    rows = [
        SheetRow(
            ["camera", ours, *others[:half]], [streams.frames[number], rendering, *pictures[:half]]
        ),
        SheetRow(["frozen source", "", *others[half:]], [streams.source, None, *pictures[half:]]),
    ]
    sheet = np.asarray(picture_sheet("ours; kbit/s on the wire", rows), np.uint8)
    even = sheet[: len(sheet) // 2 * 2, : sheet.shape[1] // 2 * 2]
    return np.ascontiguousarray(even)


def _as_good(clip: ClipCompression, codec: str, mode: StreamScores, rule: RateRule) -> int:
    """The cheapest encode with no more LPIPS than ours; the best one where there is none."""
    theirs = [index for index, one in enumerate(clip.encodes) if one.name == codec]
    good = [i for i in theirs if clip.encodes[i].scores["lpips"] <= mode.scores["lpips"]]
    if not good:
        return min(theirs, key=lambda i: clip.encodes[i].scores["lpips"])
    return min(good, key=lambda i: rule.kbps(clip, clip.encodes[i], WIRE))


def _as_dear(clip: ClipCompression, codec: str, rate: float, rule: RateRule) -> int:
    """The best encode for about our bits or fewer; the cheapest one where there is none."""
    theirs = [index for index, one in enumerate(clip.encodes) if one.name == codec]
    rates = {index: rule.kbps(clip, clip.encodes[index], WIRE) for index in theirs}
    within = [index for index in theirs if rates[index] <= NEARLY * rate]
    if not within:
        return min(theirs, key=rates.__getitem__)
    return min(within, key=lambda index: clip.encodes[index].scores["lpips"])


def _caption(clip: ClipCompression, stream: StreamScores, rule: RateRule) -> str:
    name = "ours" if stream.ours else f"{stream.name} {stream.crf} 1/{stream.smaller}"
    return f"{name}  {rule.kbps(clip, stream, WIRE):.1f} kbit/s  {stream.scores['lpips']:.2f}"
