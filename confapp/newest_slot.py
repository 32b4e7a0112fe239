"""Hand-over between two stages where only the newest item counts."""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class NewestSlot(Generic[Item]):
    """A slot for one item between two threads: putting replaces what was not taken yet.

    Real time means that a slow stage works on the newest frame and never on a growing queue.
    `replaced` counts the items that nobody took.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._closed = False
        self.replaced = 0

    def put(self, item: Item) -> None:
        """Offer an item; an item that still waits here is replaced and counted."""
        with self._changed:
            if self._item is not None:
                self.replaced += 1
            self._item = item
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> Item | None:
        """Wait for an item for at most `timeout` seconds; None when none came or it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake whoever waits; an item that was put before is still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True once `close` was called."""
        return self._closed
