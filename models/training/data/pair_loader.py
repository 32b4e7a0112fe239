"""Batches of augmented pairs by step number, prepared ahead in the background."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import torch
from torch import Tensor

from confapp.errors import ConfappError
from models.training.data.augmentation import Augmentation, augment, draw_augmentation
from models.training.data.degradation import BLOCK
from models.training.data.footage import Kind
from models.training.data.frame_store import (
    CACHE_BYTES,
    FrameStore,
    OnDemandFrames,
    ResidentFrames,
)
from models.training.data.frame_table import FrameTable
from models.training.data.pair_sampler import KIND_WEIGHTS, PairSampler, row_generator
from models.training.data.shard import find_shards, read_shards
from models.training.pair_batch import PairBatch

PREFETCHED_STEPS = 2
MOST_REDRAWS = 100  # of a batch in which frames turn out unreadable


@dataclass(frozen=True, slots=True)
class _Draft:
    """A batch before the device: sources, then drivers.

    Attributes:
        indices: (2 B,) frame numbers.
        frames: (2 B, 3, S, S) uint8, on the store's device.
        augmentation: of the B pairs.
    """

    indices: Tensor
    frames: Tensor
    augmentation: Augmentation


class PairLoader:
    """Training batches; `batch(step)` depends on shards, seed, step, rank and world alone.

    Each process has its part of one whole batch of `batch_size * world` pairs, and the whole batch
    is the same for any `world`. For one caller at a time; close it, or use it in a `with`.

    Args:
        paths: shards, or folders of them; shards for validation are left out.
        batch_size: pairs a batch of this process.
        image_size: side S in pixels, a multiple of 8; larger pictures shrink to it by area.
        device: where batches come out and are augmented.
        resident: decode all frames once, now, into the device's memory (3 S^2 bytes each) instead
            of on demand.
        workers: decoding threads.
        cache_bytes: most bytes of decoded frames to keep when decoding on demand.
        kind_weights: shares of clips, stills and synthetic people.
        progress: called with (frames done, frames in all) while all are decoded.

    Raises:
        ConfappError: `data-not-found`, `data-empty`; from `batch` also `data-unreadable`.
        ValueError: the image size, rank or world cannot be.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        batch_size: int,
        image_size: int,
        *,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        device: torch.device | str = "cpu",
        resident: bool = False,
        workers: int = 1,
        cache_bytes: int = CACHE_BYTES,
        kind_weights: Mapping[Kind, float] = KIND_WEIGHTS,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        if image_size < BLOCK or image_size % BLOCK:
            raise ValueError(f"image_size {image_size} is not a multiple of {BLOCK}")
        if not 0 <= rank < world:
            raise ValueError(f"rank {rank} is not below world {world}")
        self.table = FrameTable(read_shards(find_shards(paths)))
        self._sampler = PairSampler(self.table, kind_weights)
        self._rows = range(rank * batch_size, (rank + 1) * batch_size)
        self._seed = seed
        self._device = torch.device(device)
        self._store: FrameStore = (
            ResidentFrames(self.table, image_size, self._device, workers, progress)
            if resident
            else OnDemandFrames(self.table, image_size, workers, cache_bytes)
        )
        self._prefetcher = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
        self._drafts: dict[int, Future[_Draft]] = {}

    def batch(self, step: int) -> PairBatch:
        """The batch of a step (0 or more), on the device; the next ones are begun meanwhile.

        Raises:
            ConfappError: `data-unreadable` where no pair can be found whose pictures decode.
        """
        ahead = range(step, step + 1 + PREFETCHED_STEPS)
        for other in [other for other in self._drafts if other not in ahead]:
            self._drafts.pop(other).cancel()
        for coming in ahead:
            if coming not in self._drafts:
                self._drafts[coming] = self._prefetcher.submit(self._draft, coming)
        draft = self._drafts.pop(step).result()

        images = draft.frames.to(self._device, non_blocking=True).float() / 255
        angles = self.table.angles[draft.indices].to(self._device)
        landmarks = self.table.landmarks[draft.indices].to(self._device)
        batch = PairBatch(*images.chunk(2), *angles.chunk(2), *landmarks.chunk(2))
        return augment(batch, draft.augmentation)

    def close(self) -> None:
        """Stop the background threads."""
        self._prefetcher.shutdown(cancel_futures=True)
        self._store.close()

    def __enter__(self) -> "PairLoader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _draft(self, step: int) -> _Draft:
        randoms = [row_generator(self._seed, step, row) for row in self._rows]
        pairs = [self._sampler.sample(random) for random in randoms]
        for _ in range(MOST_REDRAWS):
            indices = torch.tensor(pairs).T.flatten()  # (B, 2) -> (2 B,)
            frames = self._store.frames(indices)
            unreadable = self._store.unreadable
            broken = [row for row, pair in enumerate(pairs) if not unreadable.isdisjoint(pair)]
            if not broken:
                # Pinned memory lets the copy to a GPU run beside the step.
                pinned = self._device.type == "cuda" and frames.device.type == "cpu"
                frames = frames.pin_memory() if pinned else frames
                return _Draft(indices, frames, draw_augmentation(randoms))
            for row in broken:
                pairs[row] = self._sampler.sample(randoms[row])
        raise ConfappError(
            "data-unreadable", "Too many pictures of the shards cannot be decoded; see the log."
        )
