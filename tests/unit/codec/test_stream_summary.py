import io
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

import pytest
from bundled import bundled

from confapp.codec import (
    CodecMode,
    FvcHeader,
    FvcReader,
    FvcWriter,
    Packet,
    PredictionTables,
    PredictiveCodec,
    StreamSummary,
)
from confapp.motion_frame import MotionFrame

HEADER = FvcHeader("model", "tables", Fraction(25), 20, 256, 192, "image/png")


def packet(payload_bytes: int, keypoints: int, timestamp_ms: int = 0) -> bytes:
    return Packet(1, keypoints, 0, timestamp_ms % 65536, bytes(payload_bytes)).to_bytes()


def at(times_ms: Iterable[float]) -> list[bytes]:
    return [packet(10, 20, round(time)) for time in times_ms]


def summary_of(packets: list[bytes], cut: int = 0, fps: Fraction = HEADER.fps) -> StreamSummary:
    file = io.BytesIO()
    writer = FvcWriter(file, replace(HEADER, fps=fps), b"still")
    for message in packets:
        writer.write(message)
    writer.close()
    data = file.getvalue()
    return StreamSummary.of(FvcReader(io.BytesIO(data[: len(data) - cut])))


def test_corrections_are_counted_by_themselves() -> None:
    file = io.BytesIO()
    writer = FvcWriter(file, HEADER, b"still")
    writer.write_correction(b"places")
    writer.write(packet(10, 20))
    writer.close()
    summary = StreamSummary.of(FvcReader(io.BytesIO(file.getvalue())))
    assert summary.as_json()["corrections"] == {"count": 1, "bytes": 6}
    assert (summary.frames, summary.packets_unreadable) == (1, 0)


def test_figures_by_hand() -> None:
    summary = summary_of([packet(10, 20), packet(14, 4), packet(90, 20), packet(20, 12)])
    assert summary.as_json() == {
        "mode": "paper",
        "frames": 4,
        "messages": 4,
        "fps": 25.0,
        "duration_s": 0.16,
        "width": 256,
        "height": 192,
        "source_bytes": 5,
        "source_media_type": "image/png",
        "corrections": {"count": 0, "bytes": 0},
        "header_bytes": 24,
        "payload_bytes": {"total": 134, "mean": 33.5, "min": 10, "max": 90, "median": 17.0},
        "keypoints": {"model": 20, "min": 4, "max": 20},
        "packets_unreadable": 0,
        "break_reason": None,
        "model_fingerprint": "model",
        "tables_fingerprint": "tables",
    }


@pytest.mark.parametrize("first_ms", [0, 17, 65_500])
@pytest.mark.parametrize("frames", [1, 2, 3, 20, 500, 5000])
@pytest.mark.parametrize(
    ("fps", "shown"), [(Fraction(25), 25), (Fraction(30000, 1001), 29.97), (Fraction(60), 60)]
)
def test_a_clips_own_rate_is_exact(fps: Fraction, shown: float, frames: int, first_ms: int) -> None:
    times = [first_ms + number * 1000 / fps for number in range(frames)]
    summary = summary_of(at(map(float, times)), fps=fps)
    assert summary.fps == fps
    assert summary.as_json()["fps"] == shown
    assert summary.duration_s == pytest.approx(float(frames / fps))


def test_a_calls_rate_is_that_of_its_packets() -> None:
    """Ten pictures a second for 90 s, whose counter wraps, under a header that says 25."""
    summary = summary_of(at(range(30_000, 120_000, 100)))
    assert summary.as_json()["fps"] == 10
    assert summary.as_json()["duration_s"] == 90


def test_packets_in_another_order_and_lost_ones() -> None:
    figures = summary_of(at([80, 0, 40, 400, 160])).as_json()
    assert figures["fps"] == 10  # 4 steps in 400 ms
    assert figures["duration_s"] == 0.5


def test_unreadable_packets_are_counted_and_left_out() -> None:
    summary = summary_of([packet(10, 20), b"short", bytes(20), packet(12, 20)])
    assert summary.packets_unreadable == 2
    assert summary.payload_sizes == (10, 12)


def test_a_broken_file_says_so() -> None:
    figures = summary_of([packet(10, 20), packet(14, 20)], cut=7).as_json()
    assert figures["frames"] == 1
    assert figures["break_reason"] == "The file ends in the middle of a packet after 1 packets."


@pytest.mark.parametrize("packets", [[], [b"?"]])
def test_no_frames_have_no_figures(packets: list[bytes]) -> None:
    figures = json.loads(json.dumps(summary_of(packets).as_json()))
    assert figures["frames"] == figures["duration_s"] == 0
    empty = {"total": 0, "mean": None, "min": None, "max": None, "median": None}
    assert figures["payload_bytes"] == empty
    assert figures["keypoints"] == {"model": 20, "min": None, "max": None}


def predictive_file(clip: list[MotionFrame], *, skip: int | None = None) -> FvcReader:
    codec = PredictiveCodec(PredictionTables.generic(20))
    header = replace(HEADER, tables_fingerprint=codec.fingerprint, mode=CodecMode.PREDICTIVE)
    file = io.BytesIO()
    writer = FvcWriter(file, header, b"still")
    encoder = codec.encoder()
    for index, motions in enumerate(bundled(clip, 6)):
        message = encoder.encode(motions)
        encoder.acknowledge(message)
        if index != skip:
            writer.write(message)
    writer.close()
    return FvcReader(io.BytesIO(file.getvalue()))


def test_a_predictive_stream(make_clip: Callable[..., list[MotionFrame]]) -> None:
    figures = StreamSummary.of(
        predictive_file(make_clip(0)), PredictionTables.generic(20)
    ).as_json()
    assert (figures["mode"], figures["frames"], figures["messages"]) == ("predictive", 60, 10)
    assert figures["fps"] == pytest.approx(1000 / 33, abs=0.01)
    assert figures["header_bytes"] == 50
    assert figures["references"] == {"without": 1, "mean_distance": 1, "max_distance": 1}
    assert figures["quantiser_levels"] == {"min": 0, "max": 0}
    assert figures["keypoints"] == {"model": 20, "min": 20, "max": 20}
    payload, parts = figures["payload_bytes"], figures["bytes_a_frame_by_part"]
    assert isinstance(payload, dict)
    assert isinstance(parts, dict)
    # ten code words, each up to two bytes longer than what is in it
    assert sum(parts.values()) == pytest.approx(payload["mean"], abs=0.3)


def test_a_predictive_stream_without_its_tables(
    make_clip: Callable[..., list[MotionFrame]],
) -> None:
    with_tables = StreamSummary.of(predictive_file(make_clip(0)), PredictionTables.generic(20))
    without = StreamSummary.of(predictive_file(make_clip(0)))
    assert without.frames == with_tables.frames
    assert without.payload_sizes == with_tables.payload_sizes
    assert without.fps == HEADER.fps
    assert without.as_json()["bytes_a_frame_by_part"] == {}


def test_messages_told_from_a_lost_one_are_unreadable(
    make_clip: Callable[..., list[MotionFrame]],
) -> None:
    figures = StreamSummary.of(
        predictive_file(make_clip(0), skip=4), PredictionTables.generic(20)
    ).as_json()
    assert figures["frames"] == 24
    assert figures["packets_unreadable"] == 5
