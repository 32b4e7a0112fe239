"""What both ends know after a frame, and what the next one is told from."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from confapp.codec.motion_grid import from_grid, numbers_of, wrapped_integer
from confapp.codec.residual_models import LARGEST_SPREAD, SMALLEST_SPREAD, SPREAD_BITS, scaled_down
from confapp.motion_frame import MotionFrame

ADAPTATION_BITS = 4  # a spread follows the last 16 frames
LARGEST_COUNTED = 1 << 8  # a leap, in steps, tells no more of a spread than this
INTERVAL_BITS = 8  # frame intervals are kept in 256ths of a millisecond
INTERVAL_ADAPTATION_BITS = 3
TIMESTAMP_MODULUS = 1 << 16  # ms


@dataclass(frozen=True, slots=True, eq=False)
class MotionState:
    """A frame as reconstructed, with all that adapts from frame to frame.

    A state follows from its reference's state and the residuals between them alone, never from
    frames in between that may be lost.

    Attributes:
        values: (3K + 6,) int64 grid values; beyond `keypoints` those of an earlier frame.
        spreads: (3K + 7,) int64 expected sizes of the numbers' residuals and, last, of the
            timestamp's.
        interval: expected time from frame to frame, in 256ths of a millisecond.
        timestamp_ms: of the frame, modulo 65536.
        keypoints: deformations that the frame carries (k).
        level: quantiser level that it was coded with.
        check: a digest; two ends that differ in any of the above differ here, almost surely.
    """

    values: NDArray[np.int64]
    spreads: NDArray[np.int64]
    interval: int
    timestamp_ms: int
    keypoints: int
    level: int
    check: int

    @classmethod
    def of(
        cls,
        values: NDArray[np.int64],
        spreads: NDArray[np.int64],
        *,
        interval: int,
        timestamp_ms: int,
        keypoints: int,
        level: int,
    ) -> "MotionState":
        """A state with its digest."""
        scalars = f"{interval} {timestamp_ms} {keypoints} {level}"
        check = zlib.crc32(scalars.encode("ascii"))
        for array in (values, spreads):
            check = zlib.crc32(array.astype("<i8", copy=False).tobytes(), check)
        return cls(values, spreads, interval, timestamp_ms, keypoints, level, check)

    def motion(self) -> MotionFrame:
        """The frame, float16."""
        return from_grid(self.values[: numbers_of(self.keypoints)], self.timestamp_ms)

    def expected_delay_ms(self, distance: int) -> int:
        """When the frame so many frames ahead is expected, from this one's time."""
        return self.interval * distance + (1 << INTERVAL_BITS - 1) >> INTERVAL_BITS

    def next_interval(self, delay_ms: int, distance: int) -> int:
        """The interval, with what the step to the next frame told."""
        seen = (delay_ms << INTERVAL_BITS) // distance
        return self.interval + (seen - self.interval >> INTERVAL_ADAPTATION_BITS)

    def next_spreads(
        self, residuals: Sequence[int], late_ms: int, activity: int
    ) -> NDArray[np.int64]:
        """The spreads, with what a next frame's residuals told.

        Args:
            residuals: of the frame's first numbers, 6 to 3K + 6 of them, in steps.
            late_ms: of its timestamp, in milliseconds.
            activity: of that frame, in quarter octaves.
        """
        count = len(residuals)
        sizes = np.minimum(np.abs(np.array([*residuals, late_ms], np.int64)), LARGEST_COUNTED)
        # half of it: what stays active for long becomes what is expected
        seen = scaled_down(sizes, activity // 2)
        seen[-1] = sizes[-1] << SPREAD_BITS
        spreads = self.spreads.copy()
        for part, told in ((slice(count), seen[:-1]), (slice(-1, None), seen[-1:])):
            spreads[part] += (told - spreads[part]) >> ADAPTATION_BITS
        return np.clip(spreads, SMALLEST_SPREAD, LARGEST_SPREAD, out=spreads)


class FramePrediction:
    """The values of a frame, number by number: each is told from those before it.

    What a head's turn and a few keypoints did since the reference says much of what the other
    keypoints did (`weights`, learned with a model's people).

    Args:
        reference: the values of the reference.
        weights: (3K + 6, 3K + 6) int64, strictly lower triangular, in 2^-10ths: how much of the
            change of number j is expected in number i.
    """

    WEIGHT_BITS = 10

    def __init__(self, reference: NDArray[np.int64], weights: NDArray[np.int64]) -> None:
        self.values = reference.copy()
        self._reference = reference.tolist()
        self._weights = weights
        self._expected = np.zeros(len(reference), np.int64)

    def of(self, start: int, stop: int) -> list[int]:
        """Numbers start to stop as told by the reference and all numbers before `start`."""
        half = 1 << self.WEIGHT_BITS - 1
        return [
            value + (expected + half >> self.WEIGHT_BITS)
            for value, expected in zip(
                self._reference[start:stop], self._expected[start:stop].tolist(), strict=True
            )
        ]

    def set(self, start: int, values: Sequence[int]) -> None:
        """Take these as the values from `start` on; in order, from 0."""
        stop = start + len(values)
        changes = [
            value - reference
            for value, reference in zip(values, self._reference[start:stop], strict=True)
        ]
        if start < 3:  # the shorter way round the circle
            changes = [wrapped_integer(change) for change in changes]
        self.values[start:stop] = values
        if any(changes):
            self._expected[stop:] += self._weights[stop:, start:stop] @ np.array(changes, np.int64)
