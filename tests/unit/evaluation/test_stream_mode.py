"""Our modes on real packets."""

import numpy as np
import pytest

from confapp.codec import HEADER_BYTES, CodecTables, FrequencyTables
from confapp.evaluation.stream_mode import PaperMode, PredictiveMode, stream_modes
from confapp.motion_frame import MotionFrame

K = 8


def motions(count: int = 5) -> list[MotionFrame]:
    random = np.random.default_rng(0)
    return [
        MotionFrame.of(random.normal(0, 9, 3), random.normal(0, 0.1, 3),
                       random.normal(0, 0.05, (K, 3)), 40 * number)
        for number in range(count)
    ]  # fmt: skip


def test_what_is_received_is_what_was_sent() -> None:
    frames = motions()
    stream = PaperMode(FrequencyTables.fit(frames, 1), K, 1).code(frames)
    assert [one.numbers().tobytes() for one in stream.motions] == [
        one.numbers().tobytes() for one in frames
    ]
    assert [m - p for m, p in zip(stream.message_sizes, stream.payload_sizes, strict=True)] == [
        HEADER_BYTES
    ] * len(frames)


def test_fewer_keypoints_take_fewer_bytes() -> None:
    frames = motions()
    modes = [mode for mode in stream_modes(CodecTables.generic(K)) if mode.family == "paper"]
    assert [mode.name for mode in modes] == [f"paper, {count} keypoints" for count in (8, 6, 4)]
    streams = [mode.code(frames) for mode in modes]
    rates = [sum(stream.payload_sizes) for stream in streams]
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == 3
    assert streams[2].motions[0].keypoints == 4
    assert np.array_equal(streams[2].motions[0].deformations, frames[0].deformations[:4])


def test_uniform_tables_cost_six_bytes_a_keypoint() -> None:
    stream = PaperMode(FrequencyTables.uniform(K), K, 1).code(motions())
    assert np.mean(stream.payload_sizes) == pytest.approx(6 * K + 12, abs=1)


def test_bundles_carry_the_same_packets() -> None:
    tables = FrequencyTables.uniform(K)
    single, bundled = (PaperMode(tables, K, bundle).code(motions()) for bundle in (1, 2))
    assert len(bundled.message_sizes) == 3  # two, two, one
    assert sum(bundled.message_sizes) == sum(single.message_sizes)
    assert sum(bundled.payload_sizes) == sum(single.payload_sizes)
    assert len(bundled.motions) == 5


def test_unless_told_otherwise_frames_are_bundled_as_in_a_call() -> None:
    tables = CodecTables.generic(K)
    called = PredictiveMode(tables.prediction, 0, None).code(motions(10))
    assert len(called.message_sizes) == 4  # the first alone, then as many as wait 100 ms: three
    assert len(called.motions) == 10
    threes = PredictiveMode(tables.prediction, 0, 3).code(motions(10))
    assert len(threes.message_sizes) == 4  # three, three, three, one
    assert len(PaperMode(tables.frequency, K, None).code(motions(10)).message_sizes) == 10


def test_predictive_modes_cost_less_the_coarser_they_are() -> None:
    still = motions(1) * 12
    frames = [
        MotionFrame.of(one.rotation + 0.2 * index, one.translation, one.deformations, 40 * index)
        for index, one in enumerate(still)
    ]
    modes = [mode for mode in stream_modes(CodecTables.generic(K)) if mode.family == "predictive"]
    streams = [mode.code(frames) for mode in modes]
    rates = [sum(stream.payload_sizes) for stream in streams]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0]
    assert all(len(stream.motions) == len(frames) for stream in streams)
    off = [abs(got.rotation - sent.rotation).max()
           for got, sent in zip(streams[0].motions, frames, strict=True)]  # fmt: skip
    assert max(off) < 1  # degree
