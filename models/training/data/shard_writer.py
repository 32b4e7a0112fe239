"""Clips to tar shards of bounded size; `shard` and `footage` read them back."""

import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from confapp.errors import ConfappError
from confapp.whole_file import whole_file
from models.facial_landmarks import LANDMARKS
from models.training.data.shard import VALIDATION_WORD

SHARD_BYTES = 64_000_000
ANGLE_DIGITS = 1  # a label's noise is 2 degrees
POINT_DIGITS = 1  # pixels
TIME_DIGITS = 3  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class WrittenClip:
    """A clip as it goes into a shard.

    Attributes:
        name: the entry's folder; one of its own in all shards, without a slash.
        person: whom it shows; the unit for balancing.
        source: where it is from.
        pictures: n encoded WebP pictures, square and all of one size.
        times: (n,) seconds, rising.
        angles: (n, 3) yaw, pitch, roll in degrees, the convention of `models.geometry`.
        landmarks: (n, 68, 2) x, y in pixels from the picture's left upper edge, or None.

    Raises:
        ValueError: the parts are not of one length, or have other shapes.
    """

    name: str
    person: str
    source: str
    pictures: Sequence[bytes]
    times: npt.NDArray[np.float64]
    angles: npt.NDArray[np.float64]
    landmarks: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        count = len(self.pictures)
        if not count or self.times.shape != (count,) or self.angles.shape != (count, 3):
            raise ValueError(f"{self.name} has {count} pictures and labels of another number")
        if self.landmarks is not None and self.landmarks.shape != (count, LANDMARKS, 2):
            raise ValueError(f"{self.name} has landmarks of shape {self.landmarks.shape}")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.pictures)

    def files(self) -> dict[str, bytes]:
        """`clip.json`, `000.webp`, ... as `read_footage` takes them."""
        names = [f"{i:03}.webp" for i in range(len(self))]
        facts = {
            "clip": self.name,
            "person": self.person,
            "source": self.source,
            "frames": [self._labels(i, name) for i, name in enumerate(names)],
        }
        return {
            "clip.json": json.dumps(facts).encode(),
            **dict(zip(names, self.pictures, strict=True)),
        }

    def _labels(self, frame: int, file: str) -> dict[str, Any]:
        yaw, pitch, roll = self.angles[frame].round(ANGLE_DIGITS).tolist()
        labels: dict[str, Any] = {"file": file, "t": round(float(self.times[frame]), TIME_DIGITS)}
        labels |= {"yaw": yaw, "pitch": pitch, "roll": roll}
        if self.landmarks is not None:
            labels["landmarks"] = self.landmarks[frame].round(POINT_DIGITS).tolist()
        return labels


def write_entries(path: Path, entries: Iterable[tuple[str, dict[str, bytes]]]) -> None:
    """Write a tar shard, all of it or nothing. The same entries give the same bytes.

    Args:
        path: of the tar.
        entries: name and files of each.

    Raises:
        ConfappError: `shard-unwritable`.
    """
    try:
        with whole_file(path) as part, tarfile.open(part, "w") as tar:
            for entry, files in entries:
                for name, content in files.items():
                    member = tarfile.TarInfo(f"{entry}/{name}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))
    except OSError as error:
        raise ConfappError(
            "shard-unwritable",
            f"{path} cannot be written ({error.strerror}); choose another folder.",
        ) from error


class ShardWriter:
    """Writes `clips-00.tar`, `clips-01.tar`, ..., each at once: a shard that has its name is whole.

    The clips of the next shard wait in memory. The same clips give the same bytes.

    Args:
        folder: where the shards go; it exists.
        part: number of this part where several write into one folder: `clips-p3-00.tar`.
        validation: held-out people: `clips-val-00.tar`, which training never reads.
        most_bytes: of the pictures and labels of a shard; a longer clip has a shard of its own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        part: int | None = None,
        validation: bool = False,
        most_bytes: int = SHARD_BYTES,
    ) -> None:
        words = ["clips", *[VALIDATION_WORD] * validation, *([] if part is None else [f"p{part}"])]
        self._folder = folder
        self._stem = "-".join(words)
        self._most_bytes = most_bytes
        self._waiting: dict[str, dict[str, bytes]] = {}
        self._bytes = 0
        self._names: set[str] = set()
        self.shards: list[Path] = []

    def write(self, clip: WrittenClip) -> None:
        """Add a clip.

        Raises:
            ConfappError: `shard-unwritable`.
            ValueError: the name is no folder's, or was used before.
        """
        if clip.name in self._names or "/" in clip.name or clip.name in {"", ".", ".."}:
            raise ValueError(f"{clip.name!r} is no new name for a clip")
        files = clip.files()
        size = sum(map(len, files.values()))
        if self._waiting and self._bytes + size > self._most_bytes:
            self.close()
        self._names.add(clip.name)
        self._waiting[clip.name] = files
        self._bytes += size

    def close(self) -> None:
        """Write the clips that wait; more may follow, into the next shard.

        Raises:
            ConfappError: `shard-unwritable`.
        """
        if not self._waiting:
            return
        path = self._folder / f"{self._stem}-{len(self.shards):02}.tar"
        write_entries(path, self._waiting.items())
        self.shards.append(path)
        self._waiting, self._bytes = {}, 0

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, unless something went wrong."""
        if kind is None:
            self.close()
