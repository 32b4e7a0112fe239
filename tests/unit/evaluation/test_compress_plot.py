"""A plot with everybody in it, the same each time."""

from compressed_clips import compressed, encode, mode

from confapp.evaluation.compress_plot import rate_distortion_plot
from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.stream_rate import RateRule


def test_everybody_is_named_and_bytes_are_the_same() -> None:
    clips = [
        compressed(name, [mode(0.2, 2)], [encode(0.1, 1, [100] * 50), encode(0.3, 1, [10] * 50)])
        for name in ("one", "two")
    ]
    summary = CompressionSummary(clips, RateRule())
    plots = [rate_distortion_plot(summary, clips, "lpips") for _ in range(2)]
    assert plots[0] == plots[1]
    for name in ("x264", "ours, paper", "frozen source, no codec", "LPIPS (VGG)", "payload"):
        assert name in plots[0]
