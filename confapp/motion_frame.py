"""What every stop of the road passes on: the motion of one frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float16Array = NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class MotionFrame:
    """Head pose and expression of one frame: the 3K + 6 numbers of the paper (appendix C.1).

    Every number is a float16, so what a sender renders and what a receiver decodes are the same
    to the bit. The first k of the K deformations are a valid frame of their own: the renderer
    takes the deformations that were not sent as zero.

    Attributes:
        rotation: (3,) yaw, pitch, roll in degrees; the convention is in `models.geometry`.
        translation: (3,) x, y, z in units of half the image, [-1, 1] across the picture.
        deformations: (K, 3) expression deformation of each keypoint, in the same units.
        timestamp_ms: capture time in milliseconds since the stream began, >= 0.
    """

    rotation: Float16Array
    translation: Float16Array
    deformations: Float16Array
    timestamp_ms: int

    def __post_init__(self) -> None:
        if self.rotation.shape != (3,) or self.translation.shape != (3,):
            raise ValueError("rotation and translation hold 3 numbers each")
        if self.deformations.ndim != 2 or self.deformations.shape[1] != 3:
            raise ValueError(f"deformations are K x 3, not {self.deformations.shape}")
        if self.timestamp_ms < 0:
            raise ValueError(
                "timestamp_ms counts from the start of the stream and is never negative"
            )
        for name in ("rotation", "translation", "deformations"):
            numbers = getattr(self, name)
            if numbers.dtype != np.float16:
                raise TypeError(f"{name} must be float16, not {numbers.dtype}")
            if not np.isfinite(numbers).all():
                raise ValueError(f"{name} holds a number that is not finite")

    @classmethod
    def of(
        cls,
        rotation: ArrayLike,
        translation: ArrayLike,
        deformations: ArrayLike,
        timestamp_ms: int,
    ) -> "MotionFrame":
        """Round any numbers to float16 and make a frame of them.

        Raises:
            ValueError: wrong shapes, or numbers that are not finite as float16.
        """
        with np.errstate(over="ignore"):
            return cls(
                np.asarray(rotation, dtype=np.float16),
                np.asarray(translation, dtype=np.float16),
                np.asarray(deformations, dtype=np.float16),
                timestamp_ms,
            )

    @property
    def keypoints(self) -> int:
        """How many deformations this frame carries (K)."""
        return int(self.deformations.shape[0])

    def numbers(self) -> Float16Array:
        """All (3K + 6,) numbers: rotation, translation, deformations keypoint by keypoint."""
        return np.concatenate([self.rotation, self.translation, self.deformations.ravel()])

    @classmethod
    def from_numbers(cls, numbers: Float16Array, timestamp_ms: int) -> "MotionFrame":
        """The inverse of `numbers`.

        Raises:
            ValueError: a length other than 3K + 6, or numbers that are not finite.
        """
        if numbers.ndim != 1 or numbers.size < 6 or numbers.size % 3:
            raise ValueError(f"a motion frame holds 3K + 6 numbers, not {numbers.shape}")
        return cls(numbers[:3], numbers[3:6], numbers[6:].reshape(-1, 3), timestamp_ms)
