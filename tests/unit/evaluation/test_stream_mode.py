"""Our modes on real packets."""

import numpy as np
import pytest

from confapp.codec import HEADER_BYTES, FrequencyTables
from confapp.evaluation.stream_mode import PaperMode, stream_modes
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
    modes = stream_modes(FrequencyTables.fit(frames, 1))
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
