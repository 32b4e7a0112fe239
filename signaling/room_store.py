"""Where rooms are kept: what every store does, and the one in this process's memory."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from .errors import ErrorId, signaling_error
from .room import Room

Result = TypeVar("Result")


class Bells:
    """Who in this process wants to know of news in which room."""

    def __init__(self) -> None:
        self._bells: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def listen(self, room_id: str) -> Iterator[asyncio.Event]:
        """An event that is set at every news in the room; clear it before looking."""
        bell = asyncio.Event()
        bells = self._bells.setdefault(room_id, set())
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells and self._bells.get(room_id) is bells:
                del self._bells[room_id]

    def ring(self, room_id: str) -> None:
        """There is news in the room."""
        for bell in self._bells.get(room_id, ()):
            bell.set()

    def ring_all(self) -> None:
        """There may be news in any room."""
        for room_id in self._bells:
            self.ring(room_id)


class RoomStore(Protocol):
    """Keeps rooms; a room that nobody changed for `room_expiry_s` is forgotten.

    Attributes:
        bells: ring at news in a room, wherever it was changed.
    """

    bells: Bells

    async def start(self) -> None:
        """Begin to hear of changes."""

    async def stop(self) -> None:
        """Let go of everything."""

    async def check(self) -> None:
        """Whether the store answers. Raises: ConfappError `store-unavailable`."""

    async def allows(self, what: str, per_min: int) -> bool:
        """Count something that all servers together may do so often; a server's own count aside."""
        ...

    async def add(self, room: Room) -> None:
        """Keep a new room.

        Raises:
            ConfappError: `too-many-own-rooms`, `too-many-rooms` or `store-unavailable`.
        """

    async def find(self, room_id: str) -> Room:
        """A room to look at. Raises: ConfappError `room-not-found`, `store-unavailable`."""
        ...

    async def update(self, room_id: str, change: Callable[[Room], Result]) -> Result:
        """Change a room as one step, after seats that expired were freed.

        Raises:
            ConfappError: `room-not-found`, `store-unavailable`, and what `change` raises.
        """
        ...


class MemoryRoomStore:
    """The rooms of one process.

    Args:
        max_rooms: how many may exist at a time.
        rooms_per_maker: how many of one maker.
        expiry_s: seconds after its last change at which a room is forgotten.
        clock: seconds since 1970.
    """

    def __init__(
        self, max_rooms: int, rooms_per_maker: int, expiry_s: float, clock: Callable[[], float]
    ) -> None:
        self.bells = Bells()
        self._max_rooms = max_rooms
        self._rooms_per_maker = rooms_per_maker
        self._expiry_s = expiry_s
        self._clock = clock
        # By the time of the last change, so that those to forget stand in front.
        self._rooms: OrderedDict[str, tuple[Room, float]] = OrderedDict()
        self._rooms_of: Counter[str] = Counter()

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to let go of."""

    async def check(self) -> None:
        """Memory is always there."""

    async def allows(self, what: str, per_min: int) -> bool:  # noqa: ARG002
        """There is no other server."""
        return True

    async def add(self, room: Room) -> None:
        """See `RoomStore`."""
        self._forget_expired()
        if self._rooms_of[room.maker] >= self._rooms_per_maker:
            raise signaling_error(ErrorId.TOO_MANY_OWN_ROOMS)
        if len(self._rooms) >= self._max_rooms:
            raise signaling_error(ErrorId.TOO_MANY_ROOMS)
        self._rooms[room.id] = (room, self._clock())
        self._rooms_of[room.maker] += 1

    async def find(self, room_id: str) -> Room:
        """See `RoomStore`."""
        self._forget_expired()
        if room_id not in self._rooms:
            raise signaling_error(ErrorId.ROOM_NOT_FOUND)
        return self._rooms[room_id][0]

    async def update(self, room_id: str, change: Callable[[Room], Result]) -> Result:
        """See `RoomStore`."""
        room = await self.find(room_id)
        now = self._clock()
        room.sweep(now)
        try:
            return change(room)
        finally:
            self._rooms[room_id] = (room, now)
            self._rooms.move_to_end(room_id)
            if room.take_stirred():
                self.bells.ring(room_id)

    def _forget_expired(self) -> None:
        oldest = self._clock() - self._expiry_s
        while self._rooms and next(iter(self._rooms.values()))[1] <= oldest:
            room_id, (room, _) = self._rooms.popitem(last=False)
            self._rooms_of[room.maker] -= 1
            if not self._rooms_of[room.maker]:
                del self._rooms_of[room.maker]
            self.bells.ring(room_id)
