"""What predictive mode knows of a model's motion before the first frame."""

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from confapp.codec.errors import TableError
from confapp.codec.motion_grid import LIMIT, POSE, STEPS, numbers_of, to_grid, wrapped
from confapp.codec.motion_state import INTERVAL_BITS, FramePrediction, MotionState
from confapp.codec.packet import MAX_KEYPOINTS
from confapp.codec.residual_models import LARGEST_SPREAD, SMALLEST_SPREAD, SPREAD_BITS
from confapp.motion_frame import MotionFrame

FORMAT = "confapp-prediction"
FORMAT_VERSION = 1
MAX_WEIGHT = (1 << 15) - 1
FIRST_INTERVAL = 40 << INTERVAL_BITS  # 25 frames a second, until the frames tell
TIMESTAMP_SPREAD = 1 << SPREAD_BITS  # 1 ms

# Without learned tables: a head within 8 degrees and 10 pixels, expressions within 4 pixels.
GENERIC_FIRST_SPREADS = (170, 80, 8)  # rotation, translation, deformation; steps
GENERIC_NEXT_SPREADS = (7, 3, 1)

# Tables are learned from shards, whose frames are farther apart than a call's (they were thinned to
# those that differ): a call's changes are a fraction of theirs, and drown more in the quantiser's
# noise. Numbers that hardly move are not to be trusted, so that noise counts four times.
NOISE_WEIGHT = 4
NEXT_SHARE = 1 / 8


@dataclass(frozen=True, eq=False)
class PredictionTables:
    """The state before the first frame, and how numbers of a frame follow from each other.

    Attributes:
        mean: (3K + 6,) int64 grid values that frames without a reference are told from.
        first_spreads: (3K + 6,) int64 expected sizes of such frames' residuals, 2^-16ths of a step.
        next_spreads: (3K + 6,) int64 the same for a frame right after its reference.
        weights: (3K + 6, 3K + 6) int64, see `FramePrediction`.

    Raises:
        ValueError: shapes that do not fit together, or numbers outside their ranges.
    """

    mean: NDArray[np.int64]
    first_spreads: NDArray[np.int64]
    next_spreads: NDArray[np.int64]
    weights: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.mean)
        if count not in {numbers_of(k) for k in range(MAX_KEYPOINTS + 1)}:
            raise ValueError(f"means are 3K + 6, not {count}")
        rows = (self.mean, self.first_spreads, self.next_spreads)
        if any(row.shape != (count,) for row in rows) or self.weights.shape != (count, count):
            raise ValueError("means, spreads and weights are of the same K")
        if any(table.dtype != np.int64 for table in (*rows, self.weights)):
            raise ValueError("prediction tables are integers")
        if (np.abs(self.mean) > LIMIT).any():
            raise ValueError("a mean is far outside the picture")
        for spreads in (self.first_spreads, self.next_spreads):
            if (spreads < SMALLEST_SPREAD).any() or (spreads > LARGEST_SPREAD).any():
                raise ValueError("a spread is outside its range")
        if (np.abs(self.weights) > MAX_WEIGHT).any() or np.triu(self.weights).any():
            raise ValueError("weights are a strictly lower triangle of 16-bit integers")

    @classmethod
    def generic(cls, keypoints: int) -> "PredictionTables":
        """Tables that work with any model: nothing is known of it."""
        count = numbers_of(keypoints)

        def spreads(kinds: tuple[int, int, int]) -> NDArray[np.int64]:
            return np.repeat(kinds, [3, 3, 3 * keypoints]).astype(np.int64) << SPREAD_BITS

        return cls(
            mean=np.zeros(count, np.int64),
            first_spreads=spreads(GENERIC_FIRST_SPREADS),
            next_spreads=spreads(GENERIC_NEXT_SPREADS),
            weights=np.zeros((count, count), np.int64),
        )

    @classmethod
    def fit(cls, clips: Sequence[Sequence[MotionFrame]]) -> "PredictionTables":
        """Learn tables from the motion of people, a clip each, all with the same K.

        Every clip counts the same. Clips need not be of full frame rate.

        Raises:
            ValueError: no clip, an empty one, or unequal keypoints.
        """
        if not clips or len({frame.keypoints for clip in clips for frame in clip}) != 1:
            raise ValueError("prediction is learned from clips of the same K")
        keypoints = clips[0][0].keypoints
        people = [np.stack([to_grid(frame) for frame in clip]) for clip in clips]
        steps = np.array(STEPS[0].by_number(keypoints), dtype=np.float64)
        mean = np.mean([person.mean(axis=0) for person in people], axis=0)
        first = np.mean([np.abs(person - mean).mean(axis=0) for person in people], axis=0)

        covariance = noise(keypoints)
        sizes = []
        for person in people:
            changes = np.diff(person, axis=0)
            changes[:, :3] = wrapped(changes[:, :3])
            if len(changes):
                covariance += changes.T @ changes / (len(changes) * len(people))
                sizes.append(np.abs(changes).mean(axis=0))
        following = np.mean(sizes, axis=0) if sizes else first
        return cls(
            mean=mean.round().astype(np.int64),
            first_spreads=_spreads(first / steps),
            next_spreads=_spreads(following / steps * NEXT_SHARE),
            weights=block_weights(covariance),
        )

    @property
    def keypoints(self) -> int:
        """The most keypoints that a frame may have (K)."""
        return (len(self.mean) - POSE) // 3

    @cached_property
    def root(self) -> MotionState:
        """The reference of a frame that has none."""
        spreads = np.append(self.first_spreads, TIMESTAMP_SPREAD)
        return MotionState.of(
            self.mean,
            spreads,
            interval=FIRST_INTERVAL,
            timestamp_ms=0,
            keypoints=self.keypoints,
            level=0,
        )

    @cached_property
    def after_root(self) -> NDArray[np.int64]:
        """The spreads after a frame without a reference."""
        return np.append(self.next_spreads, TIMESTAMP_SPREAD)

    def prediction(self, reference: MotionState) -> FramePrediction:
        """How a frame is told from a reference."""
        return FramePrediction(reference.values, self.weights)

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
    def from_document(cls, document: object) -> "PredictionTables":
        """The inverse of `to_document`, for anything that a JSON file may hold.

        Raises:
            TableError: another kind or version of tables, or damaged ones.
        """
        if not isinstance(document, dict) or (
            (document.get("format"), document.get("version")) != (FORMAT, FORMAT_VERSION)
        ):
            raise TableError(
                "tables-unreadable",
                f"This end reads prediction tables of version {FORMAT_VERSION}; make them with "
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
        rows = np.stack([self.mean, self.first_spreads, self.next_spreads])
        return rows.astype(">i4").tobytes() + self.weights.astype(">i2").tobytes()

    @classmethod
    def _unpacked(cls, packed: str, keypoints: int) -> "PredictionTables":
        if not isinstance(keypoints, int) or not 0 <= keypoints <= MAX_KEYPOINTS:
            raise ValueError("keypoints outside 0 to 31")
        count = numbers_of(keypoints)
        rows_bytes, size = 3 * count * 4, 3 * count * 4 + count * count * 2
        contents = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), size)
        rows = np.frombuffer(contents[:rows_bytes], ">i4").astype(np.int64).reshape(3, count)
        weights = np.frombuffer(contents[rows_bytes:], ">i2").astype(np.int64)
        return cls(rows[0], rows[1], rows[2], weights.reshape(count, count))


_DAMAGED = "The prediction tables are damaged (checksum or contents do not fit); fetch them again."


def blocks_of(keypoints: int) -> list[tuple[int, int]]:
    """The numbers that are told together: rotation, translation, each keypoint's deformation."""
    return [(start, start + 3) for start in range(0, numbers_of(keypoints), 3)]


def _spreads(sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    spreads = (sizes * (1 << SPREAD_BITS)).round().astype(np.int64)
    return np.clip(spreads, SMALLEST_SPREAD, LARGEST_SPREAD)


def noise(keypoints: int) -> NDArray[np.float64]:
    """The covariance to begin with, (3K + 6, 3K + 6): no number is trusted beyond its noise."""
    steps = np.array(STEPS[0].by_number(keypoints), dtype=np.float64)
    return np.diag(NOISE_WEIGHT * steps**2 / 12)


def block_weights(covariance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Each block's best linear prediction from the blocks before it, in 2^-10ths."""
    count = len(covariance)
    weights = np.zeros((count, count))
    for start, stop in blocks_of((count - POSE) // 3)[1:]:
        before, across = covariance[:start, :start], covariance[:start, start:stop]
        weights[start:stop, :start] = np.linalg.solve(before, across).T
    scaled = (weights * (1 << FramePrediction.WEIGHT_BITS)).round().astype(np.int64)
    return np.clip(scaled, -MAX_WEIGHT, MAX_WEIGHT)
