"""From a frame to integer residuals, and back."""

import math

import numpy as np
from numpy.typing import NDArray

from confapp.codec.motion_grid import (
    CANONICAL_RADIUS,
    GRID_A_DEGREE,
    GRID_A_UNIT,
    LIMIT,
    POSE,
    Steps,
    from_grid,
    to_grid,
    wrapped,
    wrapped_integer,
)
from confapp.codec.motion_state import FramePrediction
from confapp.motion_frame import MotionFrame

# How far a turn by one grid unit moves a point at the canonical radius, in grid units.
REACH = CANONICAL_RADIUS * GRID_A_UNIT * math.radians(1 / GRID_A_DEGREE)
# Translation and deformation are each off by up to half a float16 spacing (2^-12 below 1).
ROUNDING = math.hypot(1, 1) * GRID_A_UNIT * 2.0**-12


def quantised(
    motion: MotionFrame, prediction: FramePrediction, steps: Steps
) -> tuple[list[int], NDArray[np.int64]]:
    """The residuals of a frame, in steps, and the grid values that they give.

    Rotation and translation go to the nearest multiple. A deformation takes up what translation is
    off, and stays as told wherever its keypoint is then within the tolerance: in the picture plane
    as a circle, since errors in x and y add up there, and in depth.

    (Which residuals an encoder chooses is its own affair; nothing here must agree with the decoder
    but `reconstruct`'s arithmetic. So floating point is at home here.)
    """
    wanted = to_grid(motion)
    residuals: list[int] = []

    expected = prediction.of(0, 3)
    turn = [
        round(float(wrapped(value - told)) / steps.rotation)
        for value, told in zip(wanted[:3], expected, strict=True)
    ]
    _take(prediction, 0, expected, turn, (steps.rotation,) * 3)
    residuals += turn

    expected = prediction.of(3, POSE)
    shift = [
        round((float(value) - told) / step)
        for value, told, step in zip(wanted[3:POSE], expected, steps.translation, strict=True)
    ]
    _take(prediction, 3, expected, shift, steps.translation)
    residuals += shift

    # what rotation has left of the tolerance, after its float16 rounding too
    turned = from_grid(prediction.values[:POSE], 0).rotation.astype(np.float64) * GRID_A_DEGREE
    left = steps.tolerance - ROUNDING - REACH * float(np.linalg.norm(wrapped(turned - wanted[:3])))
    off = prediction.values[3:POSE] - wanted[3:POSE]
    targets = (wanted[POSE:].reshape(-1, 3) - off).tolist()
    step = steps.deformation
    for start, target in zip(range(POSE, len(wanted), 3), targets, strict=True):
        expected = prediction.of(start, start + 3)
        x, y, z = (value - told for value, told in zip(target, expected, strict=True))
        bent = [round(x / step), round(y / step), 0 if abs(z) <= left else round(z / step)]
        if math.hypot(x, y) <= left:
            bent[0] = bent[1] = 0
        elif math.hypot(x, y - bent[1] * step) <= left:
            bent[0] = 0
        elif math.hypot(x - bent[0] * step, y) <= left:
            bent[1] = 0
        _take(prediction, start, expected, bent, (step,) * 3)
        residuals += bent
    return residuals, prediction.values


def reconstruct(
    residuals: list[int], prediction: FramePrediction, steps: Steps
) -> NDArray[np.int64]:
    """The grid values that residuals stand for; integers alone.

    Raises:
        ValueError: values that no encoder reaches.
    """
    sizes = ((steps.rotation,) * 3, steps.translation)
    for start in range(0, len(residuals), 3):
        block = sizes[start // 3] if start < POSE else (steps.deformation,) * 3
        expected = prediction.of(start, start + 3)
        _take(prediction, start, expected, residuals[start : start + 3], block)
        if np.abs(prediction.values[start : start + 3]).max() > 2 * LIMIT:
            raise ValueError("a number is far out of reach")
    return prediction.values


def _take(
    prediction: FramePrediction,
    start: int,
    expected: list[int],
    residuals: list[int],
    steps: tuple[int, int, int],
) -> None:
    values = [
        told + residual * step
        for told, residual, step in zip(expected, residuals, steps, strict=True)
    ]
    prediction.set(start, [wrapped_integer(value) for value in values] if start < 3 else values)
