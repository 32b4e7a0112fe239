"""Held-out clips in full: the first frame as source, every other as driver, nothing augmented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.training.data.footage import Footage, Kind
from models.training.data.frame_store import ResidentFrames
from models.training.data.frame_table import FrameTable
from models.training.data.shard import find_shards, read_shards
from models.training.pair_batch import PairBatch


@dataclass(frozen=True, slots=True, eq=False)
class ValidationClip:
    """The readable frames of one clip, in order.

    Attributes:
        footage: what it is and whom it shows.
        frames: (n, 3, S, S) in [0, 1], n >= 2.
        angles: (n, 3) degrees.
        landmarks: (n, 68, 2) in [-1, 1].
    """

    footage: Footage
    frames: Tensor
    angles: Tensor
    landmarks: Tensor

    def pairs(self, batch_size: int) -> Iterator[PairBatch]:
        """The n - 1 pairs (first frame, frame i), in order, in batches of at most `batch_size`."""
        for start in range(1, len(self.frames), batch_size):
            driving = slice(start, start + batch_size)
            count = len(self.frames[driving])
            yield PairBatch(
                source=self.frames[:1].expand(count, -1, -1, -1),
                driving=self.frames[driving],
                source_angles=self.angles[:1].expand(count, -1),
                driving_angles=self.angles[driving],
                source_landmarks=self.landmarks[:1].expand(count, -1, -1),
                driving_landmarks=self.landmarks[driving],
            )


def read_validation_clips(paths: Sequence[Path], image_size: int) -> Iterator[ValidationClip]:
    """The clips of the validation shards at `paths`, decoded one after the other.

    Stills, synthetic people and clips of fewer than two readable frames are left out.

    Raises:
        ConfappError: `data-not-found`, `data-empty`.
    """
    footage = read_shards(find_shards(paths, validation=True))
    clips = [entry for entry in footage if entry.kind is Kind.CLIP]
    return (clip for entry in clips if (clip := _decoded(entry, image_size)) is not None)


def _decoded(footage: Footage, image_size: int) -> ValidationClip | None:
    table = FrameTable([footage])
    store = ResidentFrames(table, image_size, torch.device("cpu"))
    readable = torch.tensor([i for i in range(len(table)) if i not in store.unreadable])
    if len(readable) < 2:
        return None
    return ValidationClip(
        footage=footage,
        frames=store.frames(readable).float() / 255,
        angles=table.angles[readable],
        landmarks=table.landmarks[readable],
    )
