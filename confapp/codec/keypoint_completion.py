"""Keypoints that are not sent: what those that are sent say of them (appendix C.2).

Keypoints are ordered by how much is looked at them, and a frame may carry only the first ones. The
paper's receiver takes the others' deformations as zero. But faces move in few ways, so the head
pose and some keypoints tell the others, for anybody, to within a pixel or so.
"""

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from confapp.codec.errors import TableError
from confapp.codec.motion_grid import GRID_A_UNIT, LIMIT, POSE, numbers_of, to_grid, wrapped_integer
from confapp.codec.packet import MAX_KEYPOINTS
from confapp.codec.prediction_tables import MAX_WEIGHT, block_weights, noise
from confapp.motion_frame import MotionFrame

FORMAT = "confapp-completion"
FORMAT_VERSION = 1
WEIGHT_BITS = 10


@dataclass(frozen=True, eq=False)
class KeypointCompletion:
    """The mean of people's motion, and how the rest of a frame follows from its first numbers.

    Integers alone, so every machine completes alike.

    Attributes:
        mean: (3K + 6,) int64 grid values.
        weights: (3K + 6, 3K + 6) int64, strictly lower triangular, in 2^-10ths: how much of number
            j's distance from its mean is expected in number i, given all before i's block of three.

    Raises:
        ValueError: shapes that do not fit together, or numbers outside their ranges.
    """

    mean: NDArray[np.int64]
    weights: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.mean)
        if count not in {numbers_of(k) for k in range(MAX_KEYPOINTS + 1)}:
            raise ValueError(f"means are 3K + 6, not {count}")
        if self.mean.shape != (count,) or self.weights.shape != (count, count):
            raise ValueError("means and weights are of the same K")
        if self.mean.dtype != np.int64 or self.weights.dtype != np.int64:
            raise ValueError("completion is told by integers")
        if (np.abs(self.mean) > LIMIT).any():
            raise ValueError("a mean is far outside the picture")
        if (np.abs(self.weights) > MAX_WEIGHT).any() or np.triu(self.weights).any():
            raise ValueError("weights are a strictly lower triangle of 16-bit integers")

    @classmethod
    def zero(cls, keypoints: int) -> "KeypointCompletion":
        """As the paper: what is not sent is zero."""
        count = numbers_of(keypoints)
        return cls(np.zeros(count, np.int64), np.zeros((count, count), np.int64))

    @classmethod
    def fit(cls, clips: Sequence[Sequence[MotionFrame]]) -> "KeypointCompletion":
        """Learn from the motion of people, a clip each, all with the same K.

        Every clip counts the same.

        Raises:
            ValueError: no clip, an empty one, or unequal keypoints.
        """
        if not clips or len({frame.keypoints for clip in clips for frame in clip}) != 1:
            raise ValueError("completion is learned from clips of the same K")
        people = [np.stack([to_grid(frame) for frame in clip]) for clip in clips]
        mean = np.mean([person.mean(axis=0) for person in people], axis=0).round()
        covariance = noise(clips[0][0].keypoints)
        for person in people:
            covariance += (person - mean).T @ (person - mean) / (len(person) * len(people))
        return cls(mean.astype(np.int64), block_weights(covariance))

    @property
    def keypoints(self) -> int:
        """Of a whole frame (K)."""
        return (len(self.mean) - POSE) // 3

    def complete(self, motion: MotionFrame) -> MotionFrame:
        """A frame of all K keypoints: those sent as they are, the others as expected."""
        if motion.keypoints >= self.keypoints:
            return motion
        rest = (self._rest(to_grid(motion)) / GRID_A_UNIT).astype(np.float16)
        numbers = np.concatenate([motion.numbers(), rest])
        return MotionFrame.from_numbers(numbers, motion.timestamp_ms)

    def fewest(self, motion: MotionFrame, tolerance: float) -> int:
        """How many keypoints have to be sent for the others to come out well.

        Args:
            motion: all keypoints.
            tolerance: how far each may be off, in the picture plane and in depth; grid units.
        """
        wanted = to_grid(motion)
        for kept in range(motion.keypoints):
            count = numbers_of(kept)
            off = (self._rest(wanted[:count]) - wanted[count:]).reshape(-1, 3)
            if np.hypot(off[:, 0], off[:, 1]).max() <= tolerance >= np.abs(off[:, 2]).max():
                return kept
        return motion.keypoints

    def _rest(self, sent: NDArray[np.float64]) -> NDArray[np.int64]:
        """The numbers after those sent, all on the grid."""
        count = len(sent)
        away = sent.round().astype(np.int64) - self.mean[:count]
        away[:3] = [wrapped_integer(angle) for angle in away[:3].tolist()]
        told = self._direct[(count - POSE) // 3] @ away + (1 << WEIGHT_BITS - 1) >> WEIGHT_BITS
        rest: NDArray[np.int64] = np.clip(self.mean[count:] + told, -LIMIT, LIMIT)
        return rest

    @cached_property
    def _direct(self) -> list[NDArray[np.int64]]:
        """For each k the weights of what is sent alone: those of the rest are put in."""
        direct = []
        for kept in range(self.keypoints + 1):
            count = numbers_of(kept)
            told = self.weights[count:, :count].copy()
            for start in range(count, len(self.mean), 3):
                between = self.weights[start : start + 3, count:start] @ told[: start - count]
                told[start - count : start - count + 3] += between >> WEIGHT_BITS
            direct.append(told)
        return direct

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that name the contents; equal on both ends of a call."""
        return hashlib.sha256(self._contents()).hexdigest()[:16]

    def to_document(self) -> dict[str, object]:
        """For a JSON file."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "keypoints": self.keypoints,
            "fingerprint": self.fingerprint,
            "tables": base64.b64encode(zlib.compress(self._contents(), 9)).decode("ascii"),
        }

    @classmethod
    def from_document(cls, document: object) -> "KeypointCompletion":
        """The inverse of `to_document`, for anything that a JSON file may hold.

        Raises:
            TableError: another kind or version of tables, or damaged ones.
        """
        if not isinstance(document, dict) or (
            (document.get("format"), document.get("version")) != (FORMAT, FORMAT_VERSION)
        ):
            raise TableError(
                "tables-unreadable",
                f"This end reads completion tables of version {FORMAT_VERSION}; make them with "
                "`confapp tables fit` of the same version of confapp.",
            )
        try:
            tables = cls._unpacked(document["tables"], document["keypoints"])
            whole = tables.fingerprint == document["fingerprint"]
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise TableError("tables-damaged", _DAMAGED) from error
        if not whole:
            raise TableError("tables-damaged", _DAMAGED)
        return tables

    def _contents(self) -> bytes:
        return self.mean.astype(">i4").tobytes() + self.weights.astype(">i2").tobytes()

    @classmethod
    def _unpacked(cls, packed: str, keypoints: int) -> "KeypointCompletion":
        if not isinstance(keypoints, int) or not 0 <= keypoints <= MAX_KEYPOINTS:
            raise ValueError("keypoints outside 0 to 31")
        count = numbers_of(keypoints)
        size = 4 * count + 2 * count * count
        contents = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), size)
        mean = np.frombuffer(contents[: 4 * count], ">i4").astype(np.int64)
        weights = np.frombuffer(contents[4 * count :], ">i2").astype(np.int64)
        return cls(mean, weights.reshape(count, count))


_DAMAGED = "The completion tables are damaged (checksum or contents do not fit); fetch them again."
