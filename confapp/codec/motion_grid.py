"""The integers of predictive mode: motion in 64ths of a pixel and of a degree.

A number of a frame is an integer on a fine grid of 1/64 degree (rotation, a circle) or 1/64 pixel
of a 256-pixel picture (translation and deformations, 2^-13 of half the image). Residuals are
multiples of a coarser step. The steps follow from one tolerance: at the default level no keypoint
after T (x = R x_c + t + delta) is off by more than half a pixel in the picture plane, nor in depth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confapp.motion_frame import MotionFrame

GRID_A_PIXEL = 64
GRID_A_DEGREE = 64
GRID_A_UNIT = GRID_A_PIXEL * 128  # a unit is half of the 256-pixel picture
CIRCLE = 360 * GRID_A_DEGREE
LIMIT = 31 * GRID_A_UNIT  # translations and deformations stay within; a picture spans 2 units

TOLERANCE_PIXELS = 0.5  # at level 0
CANONICAL_RADIUS = 0.85  # units; no canonical keypoint is farther from the origin
# A rotation step of 3/64 degree leaves angles off by up to 1.5/64, and float16 adds 0.5/64 beyond
# 32 degrees: three of them turn a point at the canonical radius by 0.10 px. The deformation of each
# keypoint takes up what the translation is off, so of the half pixel the rest but float16's own
# rounding is a keypoint's: a square of sides 33/64 px fits into that circle.
ROTATION_STEP = 3
TRANSLATION_STEPS = (8, 8, 16)
DEFORMATION_STEP = 33

LEVELS = 8  # of the rate knob: every two levels double the steps
ROOT_TWO = (181, 128)  # as a ratio of integers

POSE = 6  # numbers before the deformations


def numbers_of(keypoints: int) -> int:
    """How many numbers a frame of so many keypoints has: 3K + 6."""
    return POSE + 3 * keypoints


@dataclass(frozen=True, slots=True)
class Steps:
    """Quantiser steps of one level, in grid units."""

    rotation: int
    translation: tuple[int, int, int]
    deformation: int
    tolerance: float

    @classmethod
    def of(cls, level: int) -> "Steps":
        """Level 0 is the default quality, each further one coarser by the root of two.

        Raises:
            ValueError: a level outside 0 to 7.
        """
        if not 0 <= level < LEVELS:
            raise ValueError(f"a quantiser level is 0 to {LEVELS - 1}, not {level}")
        many, few = ROOT_TWO if level % 2 else (1, 1)

        def scaled(step: int) -> int:
            return (step << level // 2) * many // few

        x, y, z = map(scaled, TRANSLATION_STEPS)
        return cls(
            rotation=scaled(ROTATION_STEP),
            translation=(x, y, z),
            deformation=scaled(DEFORMATION_STEP),
            tolerance=TOLERANCE_PIXELS * GRID_A_PIXEL * 2 ** (level / 2),
        )

    def by_number(self, keypoints: int) -> list[int]:
        """The step of each number of a frame."""
        return [self.rotation] * 3 + [*self.translation] + [self.deformation] * (3 * keypoints)


STEPS = tuple(Steps.of(level) for level in range(LEVELS))


def to_grid(motion: MotionFrame) -> NDArray[np.float64]:
    """A frame's numbers in grid units, not rounded; (3K + 6,).

    Angles come within half a circle of zero, other numbers within 31 units.
    """
    numbers = motion.numbers().astype(np.float64)
    rotation = numbers[:3] * GRID_A_DEGREE
    rest = np.clip(numbers[3:] * GRID_A_UNIT, -LIMIT, LIMIT)
    return np.concatenate([wrapped(rotation), rest])


def from_grid(values: NDArray[np.int64], timestamp_ms: int) -> MotionFrame:
    """The frame at grid values, rounded to float16; the same on every machine.

    (A grid value over a power of two is exact as float64, so there is one rounding, to float16.)
    """
    numbers = np.concatenate([values[:3] / GRID_A_DEGREE, values[3:] / GRID_A_UNIT])
    return MotionFrame.from_numbers(numbers.astype(np.float16), timestamp_ms)


def wrapped(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles in grid units, turned to [-180, 180) degrees."""
    turned: NDArray[np.float64] = (angle + CIRCLE / 2) % CIRCLE - CIRCLE / 2
    return turned


def wrapped_integer(angle: int) -> int:
    """The same for one integer."""
    return (angle + CIRCLE // 2) % CIRCLE - CIRCLE // 2
