"""Predictive mode: how far what is read may be from what was seen."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from bundled import bundled
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from confapp.codec import PredictionTables, PredictiveCodec
from confapp.codec.motion_grid import CANONICAL_RADIUS, STEPS
from confapp.motion_frame import MotionFrame

MakeClip = Callable[..., list[MotionFrame]]
PIXELS_A_UNIT = 128


def rotations(motion: MotionFrame) -> NDArray[np.float64]:
    yaw, pitch, roll = np.radians(motion.rotation.astype(np.float64))

    def turn(axis: int, angle: float) -> NDArray[np.float64]:
        matrix = np.eye(3)
        one, two = (axis + 1) % 3, (axis + 2) % 3
        matrix[[one, two], [one, two]] = np.cos(angle)
        matrix[one, two], matrix[two, one] = -np.sin(angle), np.sin(angle)
        return matrix

    return turn(0, -pitch) @ turn(1, -yaw) @ turn(2, roll)


def keypoints(motion: MotionFrame, canonical: NDArray[np.float64]) -> NDArray[np.float64]:
    """T: x_k = R x_c + t + delta_k."""
    turned = canonical[: motion.keypoints] @ rotations(motion).T
    return turned + motion.translation.astype(np.float64) + motion.deformations.astype(np.float64)


@st.composite
def motions(draw: st.DrawFn) -> MotionFrame:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from([0.001, 0.03, 0.3]))
    return MotionFrame.of(
        rng.uniform(-1, 1, 3) * draw(st.sampled_from([0.1, 10, 60])),
        rng.uniform(-0.99, 0.99, 3),
        rng.normal(0, scale, (20, 3)).clip(-0.9, 0.9),
        0,
    )


@given(st.lists(motions(), min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 2**32))
@settings(max_examples=60)
def test_no_keypoint_is_off_by_more_than_the_tolerance(
    prediction_tables: PredictionTables, frames: list[MotionFrame], level: int, seed: int
) -> None:
    """Half a pixel of 256 at level 0, in the picture plane and in depth, whatever the motion."""
    rng = np.random.default_rng(seed)
    canonical = rng.normal(size=(20, 3))
    canonical *= CANONICAL_RADIUS / np.linalg.norm(canonical, axis=1, keepdims=True)
    codec = PredictiveCodec(prediction_tables)
    encoder, receiver = codec.encoder(), codec.decoder()
    encoder.level = level
    for frame in frames:
        message = encoder.encode([frame])
        ((_, read),) = receiver.read(message)
        encoder.acknowledge(message)
        off = (keypoints(read, canonical) - keypoints(frame, canonical)) * PIXELS_A_UNIT
        tolerance = 0.5 * 2 ** (level / 2)
        assert np.linalg.norm(off[:, :2], axis=1).max() <= tolerance
        assert np.abs(off[:, 2]).max() <= tolerance


def test_coarser_levels_cost_less(prediction_tables: PredictionTables, make_clip: MakeClip) -> None:
    sizes = []
    for level in range(len(STEPS)):
        encoder = PredictiveCodec(prediction_tables).encoder()
        encoder.level = level
        sizes.append(0)
        for frames in bundled(make_clip(99), 3):
            message = encoder.encode(frames)
            encoder.acknowledge(message)
            sizes[-1] += len(message)
    assert all(coarse < fine for fine, coarse in pairwise(sizes))
