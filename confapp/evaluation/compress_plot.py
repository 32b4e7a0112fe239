"""Quality over bits, as a paper prints it."""

import io
from collections.abc import Sequence
from itertools import groupby
from statistics import fmean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from confapp.evaluation.compression import ClipCompression, StreamScores
from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.stream_rate import Counting, FirstPicture, Layer

SIZE = (9.0, 3.6)  # inches
COLOURS = {"x264": "0.0", "x265": "0.4", "SVT-AV1": "0.65"}  # greys; ours have colour
MARKERS = {1: "o", 2: "s", 4: "^"}  # by how many times smaller the encode is
SCALES = {1: "", 2: ", half scale", 4: ", quarter scale"}
LABELS = {"lpips": "LPIPS (VGG)", "dists": "DISTS", "akd": "AKD, pixels at 256"}
NO_DATE = {"Date": None}


def rate_distortion_plot(
    summary: CompressionSummary, clips: Sequence[ClipCompression], distortion: str
) -> str:
    """An SVG: means over clips, on the wire and in payload; a frozen source is a dashed line."""
    # Names of parts from a salt, and letters as letters: the same bytes each time.
    with mpl.rc_context({"svg.hashsalt": "confapp", "svg.fonttype": "none"}):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots(1, len(Layer), sharey=True)
        for layer, panel in zip(Layer, axes, strict=True):
            _panel(panel, summary, clips, distortion, layer)
        axes[0].set_ylabel(LABELS[distortion])
        axes[-1].legend(fontsize="x-small", ncols=2)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata=NO_DATE)
    return text.getvalue()


def _panel(
    panel: Axes,
    summary: CompressionSummary,
    clips: Sequence[ClipCompression],
    distortion: str,
    layer: Layer,
) -> None:
    encodes = range(len(clips[0].encodes))
    for (codec, smaller), indices in groupby(encodes, lambda i: _curve(clips[0].encodes[i])):
        streams = [[clip.encodes[index] for clip in clips] for index in indices]
        rates, values = _means(summary, clips, streams, distortion, layer)
        panel.plot(
            rates,
            values,
            label=codec + SCALES.get(smaller, ""),
            color=COLOURS.get(codec, "grey"),
            marker=MARKERS.get(smaller, "x"),
            markersize=4,
        )
    modes = range(len(clips[0].modes))
    for family, indices in groupby(modes, lambda i: clips[0].modes[i].family):
        streams = [[clip.modes[index] for clip in clips] for index in indices]
        rates, values = _means(summary, clips, streams, distortion, layer)
        panel.plot(rates, values, label=f"ours, {family}", marker="*", markersize=9)
    frozen = fmean(clip.frozen[distortion] for clip in clips)
    panel.axhline(frozen, color="black", linestyle="--", label="frozen source, no codec")
    panel.set_xscale("log")
    panel.set_xlabel(f"{layer.value}, kbit/s, first picture counted")
    panel.grid(visible=True, which="both", alpha=0.3)


def _curve(stream: StreamScores) -> tuple[str, int]:
    return stream.name, stream.smaller


def _means(
    summary: CompressionSummary,
    clips: Sequence[ClipCompression],
    streams: Sequence[Sequence[StreamScores]],
    distortion: str,
    layer: Layer,
) -> tuple[list[float], list[float]]:
    counting = Counting(layer, FirstPicture.BOTH)
    rates = [
        fmean(summary.rule.kbps(clip, one, counting) for clip, one in zip(clips, row, strict=True))
        for row in streams
    ]
    return rates, [fmean(one.scores[distortion] for one in row) for row in streams]
