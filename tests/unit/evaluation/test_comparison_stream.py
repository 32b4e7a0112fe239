"""Streams of other methods under the same coder."""

import json

import numpy as np
import pytest
from tiny_perception import NETWORK

from confapp.codec.range_coder import RangeCoder
from confapp.evaluation.comparison_stream import (
    FOMM,
    FS_VID2VID,
    KEYPOINTS,
    LANDMARKS,
    OURS,
    Rows,
    byte_frequencies,
    comparison_rows,
    comparison_sizes,
    our_rows,
    pack_rows,
    unpack_rows,
)
from confapp.evaluation.face_landmarks import MESH_POINTS, FaceLandmarks
from confapp.evaluation.face_region import FacePlace, Points
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame

SIDE = 64
K = 20


def spread_mesh(_picture: RgbImage) -> Points:
    """The same cloud of points in the middle of every crop."""
    return np.random.default_rng(0).uniform(96, 160, (MESH_POINTS, 3))


def rows_of(frames: int) -> dict[str, Rows]:
    pictures = [np.zeros((SIDE, SIDE, 3), np.uint8)] * frames
    motions = [MotionFrame.of([i, 0, 0], [0, 0, 0], np.zeros((K, 3)), i) for i in range(frames)]
    place = FacePlace(32, 32, 24, 0.0)
    others = comparison_rows(pictures, FaceLandmarks(NETWORK, spread_mesh), place)
    return {OURS: our_rows(motions), **others}


def test_plain_sizes_are_the_papers() -> None:
    rows = rows_of(3)
    assert {name: one.shape for name, one in rows.items()} == {
        OURS: (3, 132),
        FOMM: (3, 240),
        FS_VID2VID: (3, 504),
    }
    assert len(set(LANDMARKS)) == 126
    assert len(set(KEYPOINTS)) == 20


def test_the_first_frames_jacobians_are_the_identity() -> None:
    numbers = rows_of(1)[FOMM][0].tobytes()
    table = np.frombuffer(numbers, ">f2").reshape(20, 6)
    assert table[:, 2:].astype(float) == pytest.approx(np.tile([1, 0, 0, 1], (20, 1)), abs=1e-3)


def test_tables_code_what_they_never_saw() -> None:
    random = np.random.default_rng(1)
    seen = random.normal(128, 3, (200, 30)).astype(np.uint8)
    frequencies = byte_frequencies(seen)
    assert frequencies.min() >= 1
    assert set(frequencies.sum(1, dtype=np.int64)) == {1 << 16}
    coder = RangeCoder(frequencies)
    strange = bytes(range(30))
    assert coder.decode(coder.encode(strange), 30) == strange


def test_each_clip_is_coded_under_the_others_tables() -> None:
    """Two clips alike and one apart: this one is dear, although its own bytes never change."""
    alike, apart = np.full((50, 40), 7, np.uint8), np.full((50, 40), 200, np.uint8)
    sizes = comparison_sizes({"a": alike, "b": alike, "c": apart})
    assert sizes["a"] == sizes["b"] < 10
    assert sizes["c"] > 40


def test_rows_survive_json() -> None:
    rows = np.arange(60, dtype=np.uint8).reshape(3, 20)
    assert np.array_equal(unpack_rows(json.loads(json.dumps(pack_rows(rows)))), rows)
