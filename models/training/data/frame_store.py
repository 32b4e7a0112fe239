"""Decoded frames by number: on demand with a bounded cache, or all of them on one device."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.training.data.frame_table import FrameTable
from models.training.data.picture import PictureError, Pixels, decode_picture, decode_sequence

CACHE_BYTES = 2 * 1024**3

log = logging.getLogger(__name__)


class FrameStore(Protocol):
    """Pixels of the frames of a `FrameTable`; for one caller at a time."""

    @property
    def unreadable(self) -> set[int]:
        """Frames asked for so far that cannot be decoded; they come out black."""

    def frames(self, indices: Tensor) -> Tensor:
        """Frames by number: (N,) int64 -> (N, 3, S, S) uint8, on the store's device."""

    def close(self) -> None:
        """Stop the store's threads."""


class OnDemandFrames:
    """Decodes what is asked for and keeps the frames used last, on the CPU.

    Args:
        size: side of the frames in pixels; others are scaled to it, by area when they shrink.
        workers: decoding threads.
        cache_bytes: most bytes of decoded frames to keep.
    """

    def __init__(
        self, table: FrameTable, size: int, workers: int = 1, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._table = table
        self._decoder = _Decoder(table, size)
        self._capacity = cache_bytes // (3 * size * size)
        self._cache: OrderedDict[int, Pixels] = OrderedDict()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")

    @property
    def unreadable(self) -> set[int]:
        """Frames asked for so far that cannot be decoded."""
        return self._decoder.unreadable

    def frames(self, indices: Tensor) -> Tensor:
        """(N,) int64 -> (N, 3, S, S) uint8 on the CPU."""
        wanted = indices.tolist()
        held: dict[int, Pixels] = {}
        missing: dict[range, None] = {}
        for frame in wanted:
            if frame in self._cache:
                self._cache.move_to_end(frame)
                held[frame] = self._cache[frame]
            else:
                missing[self._decoded_with(frame)] = None
        for span, pixels in zip(
            missing, self._pool.map(self._decoder.decode, missing), strict=True
        ):
            decoded = dict(zip(span, pixels, strict=True))
            held.update(decoded)
            self._cache.update(decoded)
        while len(self._cache) > self._capacity:
            self._cache.popitem(last=False)
        return torch.from_numpy(np.stack([held[frame] for frame in wanted]))

    def close(self) -> None:
        """Stop the decoding threads."""
        self._pool.shutdown()

    def _decoded_with(self, frame: int) -> range:
        """What to decode for a frame: its whole sequence, since that is coded in one, or itself."""
        entry, _ = self._table.locate(frame)
        if self._table.footage[entry].is_sequence:
            return self._table.frames_of(entry)
        return range(frame, frame + 1)


class ResidentFrames:
    """Decodes everything once into one uint8 tensor on the CPU or a GPU.

    Args:
        size: side of the frames in pixels.
        device: where the tensor lives (frames x 3 x size x size bytes).
        workers: decoding threads.
        progress: called with (frames done, frames in all).
    """

    def __init__(
        self,
        table: FrameTable,
        size: int,
        device: torch.device,
        workers: int = 1,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> None:
        self._table = table
        self._decoder = _Decoder(table, size)
        self._frames = torch.empty((len(table), 3, size, size), dtype=torch.uint8, device=device)
        done = 0
        with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
            for count in pool.map(self._fill, range(len(table.footage))):
                done += count
                progress(done, len(table))

    @property
    def unreadable(self) -> set[int]:
        """Frames that cannot be decoded."""
        return self._decoder.unreadable

    def frames(self, indices: Tensor) -> Tensor:
        """(N,) int64 -> (N, 3, S, S) uint8 on the tensor's device."""
        return self._frames[indices.to(self._frames.device)]

    def close(self) -> None:
        """Nothing runs any more once all is decoded."""

    def _fill(self, entry: int) -> int:
        span = self._table.frames_of(entry)
        pixels = torch.from_numpy(np.stack(self._decoder.decode(span)))
        self._frames[span.start : span.stop] = pixels
        return len(span)


class _Decoder:
    """Decodes frames of one entry; an unreadable one is black, and one warning."""

    def __init__(self, table: FrameTable, size: int) -> None:
        self.unreadable: set[int] = set()
        self._table = table
        self._size = size

    def decode(self, span: range) -> list[Pixels]:
        """Frames of one entry by number: of a sequence all, each (3, S, S)."""
        entry, first = self._table.locate(span.start)
        footage = self._table.footage[entry]
        pixels: list[Pixels] = []
        if footage.is_sequence:
            try:
                pixels.extend(decode_sequence(footage.pictures[0], self._size))
            except PictureError as error:
                pixels += [self._black(frame, error) for frame in span[len(pixels) :]]
            return pixels
        for frame, encoded in zip(span, footage.pictures[first : first + len(span)], strict=True):
            try:
                pixels.append(decode_picture(encoded, self._size))
            except PictureError as error:
                pixels.append(self._black(frame, error))
        return pixels

    def _black(self, frame: int, error: PictureError) -> Pixels:
        if frame not in self.unreadable:
            self.unreadable.add(frame)
            entry, place = self._table.locate(frame)
            name = self._table.footage[entry].name
            log.warning("frame %d of %s is left out: %s", place, name, error)
        return np.zeros((3, self._size, self._size), np.uint8)
