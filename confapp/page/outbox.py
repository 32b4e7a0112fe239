"""Events on their way to a tab: of each type the newest one, never a queue."""

import asyncio

from confapp.page.messages import Event


class Outbox:
    """What a tab has not been told yet, in the order in which it became news."""

    def __init__(self) -> None:
        self._waiting: dict[str, Event] = {}
        self._changed = asyncio.Event()
        self._emptied = asyncio.Event()

    async def emptied(self) -> None:
        """Wait until everything was taken."""
        await self._emptied.wait()

    def put(self, event: Event) -> None:
        """Tell this, in place of an older event of its type that still waits."""
        self._waiting.pop(event.type, None)
        self._waiting[event.type] = event
        self._changed.set()
        self._emptied.clear()

    async def take(self) -> Event:
        """Wait for the next event."""
        while not self._waiting:
            self._emptied.set()
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.pop(next(iter(self._waiting)))
