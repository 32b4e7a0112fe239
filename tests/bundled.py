"""Frames in bundles, as a sender makes them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def bundled(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """So many at a time; the last bundle may be shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
