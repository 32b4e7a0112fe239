"""Relative motion: what a driver does, added to what the source's person already does."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from confapp.motion_frame import MotionFrame
from models.head_rotation import angles_of, matrix_of

DEGREES = 90.0  # brings angles to the size of the other numbers for comparing frames


class RelativeMotion:
    """Motion differences between driving frames, added to the source's own motion.

    R = R_i R_0^-1 R_s, t = t_s + t_i - t_0, delta = delta_s + delta_i - delta_0, where 0 is the
    reference frame of the driver: the one whose pose and expression are most like the source's.
    """

    def __init__(self, source: MotionFrame, reference: MotionFrame) -> None:
        self._source = source
        self._reference = reference

    @classmethod
    def to_nearest(cls, source: MotionFrame, driving: Sequence[MotionFrame]) -> Self:
        """Movements from the driver's frame that is most like the source; one frame at least."""
        return cls(source, min(driving, key=lambda frame: _distance(source, frame)))

    def apply(self, driving: MotionFrame) -> MotionFrame:
        """The frame that the source's person should show.

        Raises:
            ValueError: the frames have different numbers of keypoints.
        """
        source, reference = self._source, self._reference
        if not source.keypoints == reference.keypoints == driving.keypoints:
            raise ValueError("relative motion needs the same keypoints in every frame")
        turn = (
            matrix_of(driving.rotation)
            @ matrix_of(reference.rotation).T
            @ matrix_of(source.rotation)
        )
        return MotionFrame.of(
            angles_of(turn),
            _wide(source.translation) + _wide(driving.translation) - _wide(reference.translation),
            _wide(source.deformations)
            + _wide(driving.deformations)
            - _wide(reference.deformations),
            driving.timestamp_ms,
        )


def _distance(one: MotionFrame, other: MotionFrame) -> float:
    turn = (_wide(one.rotation) - other.rotation) / DEGREES
    shape = _wide(one.deformations) - other.deformations
    return float(np.abs(turn).mean() + np.abs(shape).mean())


def _wide(numbers: NDArray[np.float16]) -> NDArray[np.float32]:
    """Sums of float16 lose bits; float32 keeps them until the last rounding."""
    return numbers.astype(np.float32)
