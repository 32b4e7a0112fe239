"""The static frequency tables of the paper's coder (appendix C)."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from confapp.codec.code_word import FREQUENCY_BITS
from confapp.codec.errors import TableError
from confapp.codec.frame_bytes import frame_to_bytes, positions_of
from confapp.codec.packet import MAX_EPOCH, MAX_KEYPOINTS
from confapp.motion_frame import MotionFrame
from confapp.whole_file import whole_file

BYTE_VALUES = 256
FREQUENCY_TOTAL = 1 << FREQUENCY_BITS
UNIFORM_EPOCH = 0
FORMAT = "confapp-frequency-tables"
FORMAT_VERSION = 1
MAX_FILE_BYTES = 1 << 20

# Frames of one clip are near copies of each other, so a table of few people must not trust them
# too far: as many frames of prior, about 8 s, speak for the people it has not seen.
PRIOR_FRAMES = 256
PRIOR_UNIFORM_SHARE = 1 / 8  # the rest is what numbers of the same kind did


@dataclass(frozen=True, eq=False)
class FrequencyTables:
    """How often each byte value stands at each byte position of a frame, as integers.

    Positions are those of `confapp.codec.frame_bytes`, so the first 6k + 12 rows serve a frame of k
    keypoints.

    Attributes:
        epoch: 1 to 31 for learned tables, 0 for the uniform ones.
        frequencies: (6K + 12, 256) uint16 >= 1, read-only, each row of sum 2^16.

    Raises:
        ValueError: an epoch, shape or row outside the above.
    """

    epoch: int
    frequencies: NDArray[np.uint16]

    def __post_init__(self) -> None:
        if not 0 <= self.epoch <= MAX_EPOCH:
            raise ValueError(f"a table epoch is 0 to {MAX_EPOCH}, not {self.epoch}")
        if self.frequencies.dtype != np.uint16 or self.frequencies.ndim != 2:
            raise ValueError("frequencies are a uint16 table of positions x byte values")
        positions, values = self.frequencies.shape
        if values != BYTE_VALUES or positions not in {
            positions_of(k) for k in range(MAX_KEYPOINTS + 1)
        }:
            raise ValueError(f"frequencies are (6K + 12) x 256, not {self.frequencies.shape}")
        sums = self.frequencies.sum(axis=1, dtype=np.int64)
        if (self.frequencies < 1).any() or (sums != FREQUENCY_TOTAL).any():
            raise ValueError(f"frequencies are >= 1 and sum to {FREQUENCY_TOTAL} a position")
        frequencies = self.frequencies.copy()
        frequencies.setflags(write=False)
        object.__setattr__(self, "frequencies", frequencies)

    @classmethod
    def uniform(cls, keypoints: int) -> "FrequencyTables":
        """Epoch 0: all bytes alike, for a start without learned tables."""
        shape = (positions_of(keypoints), BYTE_VALUES)
        return cls(UNIFORM_EPOCH, np.full(shape, FREQUENCY_TOTAL // BYTE_VALUES, dtype=np.uint16))

    @classmethod
    def fit(cls, frames: Iterable[MotionFrame], epoch: int) -> "FrequencyTables":
        """Learn tables from the frames of clips, all with the same number of keypoints.

        A position's share is its own count plus `PRIOR_FRAMES` of prior: the mean count of its kind
        (same byte and axis over all keypoints; rotation and translation numbers are each a kind)
        and a uniform part.

        Raises:
            ValueError: no frames, unequal keypoints, or an epoch outside 1 to 31.
        """
        if not 1 <= epoch <= MAX_EPOCH:
            raise ValueError(f"learned tables have an epoch of 1 to {MAX_EPOCH}, not {epoch}")
        rows = [frame_to_bytes(frame) for frame in frames]
        if len({len(row) for row in rows}) != 1:
            raise ValueError("tables are learned from at least one frame, all of the same K")
        positions = len(rows[0])
        seen = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, positions)
        cells = np.arange(positions) * BYTE_VALUES + seen
        counts = np.bincount(cells.ravel(), minlength=positions * BYTE_VALUES)
        shares = counts.reshape(positions, BYTE_VALUES) / len(rows)

        kinds = np.arange(positions)
        kinds[12:] = 12 + (kinds[12:] - 12) % 6  # 3 axes x 2 bytes
        pooled = np.stack([shares[kinds == kind].mean(axis=0) for kind in kinds])
        prior = (1 - PRIOR_UNIFORM_SHARE) * pooled + PRIOR_UNIFORM_SHARE / BYTE_VALUES
        return cls(epoch, _apportion(len(rows) * shares + PRIOR_FRAMES * prior))

    @property
    def keypoints(self) -> int:
        """The most keypoints that a frame may have (K)."""
        return (len(self.frequencies) - positions_of(0)) // 6

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that name epoch and contents; equal on both ends of a call."""
        return self._digest()[:16]

    def ideal_bytes(self, motion: MotionFrame) -> float:
        """Information in a frame under these tables, in bytes: what a perfect coder would need.

        Raises:
            ValueError: more keypoints than the tables'.
        """
        if motion.keypoints > self.keypoints:
            raise ValueError(
                f"these tables code {self.keypoints} keypoints, not {motion.keypoints}"
            )
        values = np.frombuffer(frame_to_bytes(motion), dtype=np.uint8)
        frequencies = self.frequencies[np.arange(values.size), values]
        return float((FREQUENCY_BITS - np.log2(frequencies.astype(np.float64))).sum() / 8)

    def save(self, path: Path) -> None:
        """Write the tables as a checksummed JSON file; an older one stays until it is whole.

        Raises:
            TableError: `table-unwritable`.
        """
        write_document(path, self.to_document())

    def to_document(self) -> dict[str, object]:
        """For a JSON file."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "epoch": self.epoch,
            "keypoints": self.keypoints,
            "sha256": self._digest(),
            "frequencies": base64.b64encode(zlib.compress(self._contents(), 9)).decode("ascii"),
        }

    @classmethod
    def load(cls, path: Path) -> "FrequencyTables":
        """Read a file that `save` wrote.

        Raises:
            TableError: no such file, another kind or version of file, or a damaged one.
        """
        return cls.from_bytes(read_file(path))

    @classmethod
    def from_bytes(cls, data: bytes) -> "FrequencyTables":
        """Read the contents of such a file.

        Raises:
            TableError: another kind or version of file, or a damaged one.
        """
        if len(data) > MAX_FILE_BYTES:
            raise TableError("tables-unreadable", "This is too large for a table file.")
        try:
            document = json.loads(data)
            kind = (document["format"], document["version"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise TableError(
                "tables-unreadable",
                "This is not a table file; make one with `confapp tables fit`.",
            ) from error
        if kind != (FORMAT, FORMAT_VERSION):
            raise TableError(
                "tables-unreadable",
                f"This end reads tables of version {FORMAT_VERSION}; make them with the same "
                "version of confapp.",
            )
        try:
            tables = cls(document["epoch"], _unpack(document["frequencies"], document["keypoints"]))
            whole = tables._digest() == document["sha256"]
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise TableError("tables-damaged", _DAMAGED) from error
        if not whole:
            raise TableError("tables-damaged", _DAMAGED)
        return tables

    def _contents(self) -> bytes:
        return self.frequencies.astype(">u2").tobytes()

    def _digest(self) -> str:
        """sha256 over what the tables mean, not over how a file packs them."""
        name = f"{FORMAT} {FORMAT_VERSION} epoch {self.epoch} keypoints {self.keypoints}\n"
        return hashlib.sha256(name.encode("ascii") + self._contents()).hexdigest()


def read_file(path: Path) -> bytes:
    """The bytes of a table file; of a larger file only so many that it is seen to be one.

    Raises:
        TableError: `tables-unreadable`.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise TableError(
            "tables-unreadable",
            f"The tables {path} cannot be read ({error.strerror}); check the path.",
        ) from error


def write_document(path: Path, document: dict[str, object]) -> None:
    """Write a table file; an older one stays until it is whole.

    Raises:
        TableError: `table-unwritable`.
    """
    try:
        with whole_file(path) as part:
            part.write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")
    except OSError as error:
        raise TableError(
            "table-unwritable",
            f"The tables {path} cannot be written ({error.strerror}); choose another file.",
        ) from error


_DAMAGED = "The table file is damaged (its checksum or contents do not fit); fetch it again."


def _apportion(shares: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Rows of positive shares -> rows of integers >= 1 that sum to 2^16."""
    shares = shares / shares.sum(axis=1, keepdims=True)
    frequencies = 1 + np.floor(shares * (FREQUENCY_TOTAL - BYTE_VALUES)).astype(np.int64)
    left_over = FREQUENCY_TOTAL - frequencies.sum(axis=1)  # below 256; a likely value hides it
    frequencies[np.arange(len(frequencies)), frequencies.argmax(axis=1)] += left_over
    return frequencies.astype(np.uint16)


def _unpack(packed: str, keypoints: int) -> NDArray[np.uint16]:
    if not isinstance(keypoints, int) or not 0 <= keypoints <= MAX_KEYPOINTS:
        raise ValueError("keypoints outside 0 to 31")
    shape = (positions_of(keypoints), BYTE_VALUES)
    size = shape[0] * shape[1] * 2  # bytes
    # one byte more than fits shows a longer stream without unpacking all of it
    contents = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), size + 1)
    return np.frombuffer(contents, dtype=">u2").astype(np.uint16).reshape(shape)
