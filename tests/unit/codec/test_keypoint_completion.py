"""Keypoints that are not sent, told from those that are."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from confapp.codec import (
    CodecTables,
    FrequencyTables,
    MotionEncoder,
    PacketReader,
    PaperCodec,
    TableError,
)
from confapp.codec.keypoint_completion import KeypointCompletion
from confapp.codec.motion_grid import GRID_A_PIXEL, STEPS
from confapp.motion_frame import MotionFrame

KEYPOINTS = 8
OWN = 4  # keypoints that move by themselves; the others follow these
FOLLOWING = np.random.default_rng(7).normal(0, 0.4, (3 * OWN + 3, 3 * (KEYPOINTS - OWN)))


def person(seed: int, frames: int = 40, noise: float = 0.001) -> list[MotionFrame]:
    """Somebody whose last keypoints follow the turn of the head and the first keypoints."""
    rng = np.random.default_rng(seed)
    turns = rng.normal(0, 10, (frames, 3))
    own = rng.normal(0, 0.03, 3 * OWN) + rng.normal(0, 0.03, (frames, 3 * OWN))
    rest = 0.1 + np.hstack([turns / 100, own]) @ FOLLOWING
    rest += rng.normal(0, noise, rest.shape)
    return [
        MotionFrame.of(turns[i], [0, 0, 0], np.hstack([own[i], rest[i]]).reshape(-1, 3), 40 * i)
        for i in range(frames)
    ]


def cut(motion: MotionFrame, kept: int) -> MotionFrame:
    return replace(motion, deformations=motion.deformations[:kept])


def farthest_px(one: MotionFrame, other: MotionFrame) -> float:
    """Of any keypoint's deformation, in the picture plane."""
    off = one.deformations.astype(np.float64) - other.deformations.astype(np.float64)
    return float(128 * np.hypot(off[:, 0], off[:, 1]).max())


@pytest.fixture(scope="module")
def completion() -> KeypointCompletion:
    return KeypointCompletion.fit([person(seed) for seed in range(20)])


def test_what_follows_is_told_for_people_it_was_not_learned_from(
    completion: KeypointCompletion,
) -> None:
    zero = KeypointCompletion.zero(KEYPOINTS)
    for motion in person(100):
        sent = cut(motion, OWN)
        told = completion.complete(sent)
        assert told.keypoints == KEYPOINTS
        assert told.timestamp_ms == motion.timestamp_ms
        assert np.array_equal(told.numbers()[: len(sent.numbers())], sent.numbers())
        assert farthest_px(told, motion) < 0.7
        assert farthest_px(zero.complete(sent), motion) > 5
        assert completion.complete(motion) is motion


def test_zero_is_what_the_paper_does(completion: KeypointCompletion) -> None:
    motion = person(1)[0]
    told = KeypointCompletion.zero(KEYPOINTS).complete(cut(motion, 3))
    assert not told.deformations[3:].any()
    assert completion.complete(cut(motion, 0)).deformations[OWN:].any()


def test_the_fewest_that_keep_the_tolerance(completion: KeypointCompletion) -> None:
    for motion in person(101):
        for pixels in (0.001, 0.5, 2.0, 8.0):
            kept = completion.fewest(motion, pixels * GRID_A_PIXEL)
            within = [
                farthest_px(completion.complete(cut(motion, k)), motion) <= pixels + 0.05
                for k in range(kept, KEYPOINTS + 1)
            ]
            assert within[0]
        assert completion.fewest(motion, 0.001 * GRID_A_PIXEL) > OWN
        assert completion.fewest(motion, 0.8 * GRID_A_PIXEL) <= OWN
        assert completion.fewest(motion, 1000 * GRID_A_PIXEL) == 0


def test_any_numbers_are_completed_to_finite_ones(completion: KeypointCompletion) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        numbers = rng.integers(0, 1 << 16, 6 + 3 * OWN, dtype=np.uint16)
        numbers[numbers & 0x7C00 == 0x7C00] ^= 0x4000
        motion = MotionFrame.from_numbers(numbers.view(np.float16), 0)
        assert np.isfinite(completion.complete(motion).numbers()).all()


def test_coarser_levels_of_paper_mode_carry_fewer_keypoints(
    completion: KeypointCompletion,
) -> None:
    """And the reader's frame is within the level's tolerance all the same."""
    codec = PaperCodec(FrequencyTables.uniform(KEYPOINTS), completion)
    sizes = []
    for level in range(8):
        encoder: MotionEncoder = codec.encoder()
        encoder.level = level
        reader = PacketReader(codec)
        size = 0
        for motion in person(102):
            packet = encoder.encode([motion])
            size += len(packet)
            ((_, told),) = reader.read(packet)
            assert told.keypoints == KEYPOINTS
            if level:
                assert farthest_px(told, motion) <= STEPS[level].tolerance / GRID_A_PIXEL + 0.05
            else:
                assert np.array_equal(told.numbers(), motion.numbers())
        sizes.append(size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[3] < 0.8 * sizes[0]


def test_both_ends_need_the_same_completion(completion: KeypointCompletion) -> None:
    frequency = FrequencyTables.uniform(KEYPOINTS)
    plain, told = PaperCodec(frequency), PaperCodec(frequency, completion)
    assert plain.fingerprint == frequency.fingerprint  # as older versions have it
    assert told.fingerprint != plain.fingerprint


def test_it_survives_a_file(completion: KeypointCompletion) -> None:
    loaded = KeypointCompletion.from_document(completion.to_document())
    assert loaded.fingerprint == completion.fingerprint
    motion = cut(person(103)[0], 2)
    assert np.array_equal(loaded.complete(motion).numbers(), completion.complete(motion).numbers())
    assert CodecTables.generic(KEYPOINTS).completion.keypoints == KEYPOINTS


@pytest.mark.parametrize(
    ("damage", "error_id"),
    [
        (None, "tables-unreadable"),
        ({"version": 2}, "tables-unreadable"),
        ({"fingerprint": "0" * 16}, "tables-damaged"),
        ({"keypoints": 7}, "tables-damaged"),
        ({"keypoints": "8"}, "tables-damaged"),
        ({"tables": "no base 64"}, "tables-damaged"),
        ({"tables": 5}, "tables-damaged"),
    ],
)
def test_a_damaged_document_is_one_clear_error(
    completion: KeypointCompletion, damage: dict[str, object] | None, error_id: str
) -> None:
    document = None if damage is None else completion.to_document() | damage
    with pytest.raises(TableError) as refused:
        KeypointCompletion.from_document(document)
    assert refused.value.error_id == error_id


def test_tables_that_do_not_fit_are_refused() -> None:
    weights = np.zeros((9, 9), np.int64)
    mean = np.zeros(9, np.int64)
    cases: list[tuple[Any, Any, str]] = [
        (mean[:8], weights, "3K"),
        (mean, weights[:6], "same K"),
        (mean.astype(np.int32), weights, "integers"),
        (mean + (1 << 30), weights, "outside"),
        (mean, weights + np.eye(9, dtype=np.int64), "triangle"),
    ]
    for bad_mean, bad_weights, message in cases:
        with pytest.raises(ValueError, match=message):
            KeypointCompletion(bad_mean, bad_weights)
    with pytest.raises(ValueError, match="same K"):
        KeypointCompletion.fit([])
