"""Hand-over between two stages where only the newest item counts."""

import asyncio
from typing import Generic, TypeVar

Item = TypeVar("Item")


class NewestSlot(Generic[Item]):
    """A slot for one item on an event loop: putting replaces what was not taken yet.

    Real time means that a slow stage works on the newest frame and never on a growing queue.

    Attributes:
        replaced: items that nobody took in time.
    """

    def __init__(self) -> None:
        self.replaced = 0
        self._item: Item | None = None
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, item: Item) -> None:
        """Offer an item; one that still waits here is replaced and counted."""
        if self._item is not None:
            self.replaced += 1
        self._item = item
        self._changed.set()

    async def take(self) -> Item | None:
        """Wait for an item and take it out; None once the slot is closed and empty."""
        while self._item is None and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        item, self._item = self._item, None
        return item

    @property
    def waiting(self) -> int:
        """How many items wait here: 0 or 1."""
        return int(self._item is not None)

    def close(self) -> None:
        """Nothing more will be put; what waits here can still be taken."""
        self._closed = True
        self._changed.set()
