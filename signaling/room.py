"""Rooms of two: who sits where, and what is passed on. No sockets here."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from typing import Literal

from .errors import ErrorId, signaling_error
from .messages import Description, PeerJoined, PeerLeft, ServerMessage

ROOM_ID_BYTES = 16  # 128 bits: the link is the key to the room
OUTBOX_MESSAGES = 32  # a whole negotiation takes two


class Seat:
    """One of the two places in a room, with the messages that wait to be sent to it."""

    def __init__(self, number: Literal[0, 1]) -> None:
        self.number = number
        self.outbox: asyncio.Queue[ServerMessage] = asyncio.Queue(OUTBOX_MESSAGES)

    def tell(self, message: ServerMessage) -> None:
        """Queue a message; a client that does not read loses what does not fit."""
        with contextlib.suppress(asyncio.QueueFull):
            self.outbox.put_nowait(message)


class Room:
    """Two seats. `empty_since` is when the last one left (or it was made), None while in use."""

    def __init__(self, room_id: str, now: float) -> None:
        self.id = room_id
        self.empty_since: float | None = now
        self._seats: dict[int, Seat] = {}

    def join(self) -> Seat:
        """Take a free seat and tell the other one.

        Raises:
            ConfappError: `room-full`.
        """
        number: Literal[0, 1]
        if 0 not in self._seats:
            number = 0
        elif 1 not in self._seats:
            number = 1
        else:
            raise signaling_error(ErrorId.ROOM_FULL)
        seat = Seat(number)
        self._seats[number] = seat
        self.empty_since = None
        if peer := self.peer_of(seat):
            peer.tell(PeerJoined())
        return seat

    def leave(self, seat: Seat, now: float) -> None:
        """Free the seat and tell the other one."""
        del self._seats[seat.number]
        if peer := self.peer_of(seat):
            peer.tell(PeerLeft())
        else:
            self.empty_since = now

    def peer_of(self, seat: Seat) -> Seat | None:
        """Who sits opposite, if anyone."""
        return self._seats.get(1 - seat.number)

    def relay(self, sender: Seat, description: Description) -> None:
        """Pass a description on to the other seat; nobody there means nobody to tell."""
        if peer := self.peer_of(sender):
            peer.tell(description)


class Rooms:
    """The rooms of one server process.

    Args:
        max_rooms: how many may exist at a time.
        expiry_s: seconds after which an empty room is forgotten.
        clock: seconds on any monotonic clock.
    """

    def __init__(
        self, max_rooms: int, expiry_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_rooms = max_rooms
        self._expiry_s = expiry_s
        self._clock = clock
        self._rooms: dict[str, Room] = {}

    def create(self) -> Room:
        """Make a room with an id that cannot be guessed.

        Raises:
            ConfappError: `too-many-rooms`.
        """
        self._forget_expired()
        if len(self._rooms) >= self._max_rooms:
            raise signaling_error(ErrorId.TOO_MANY_ROOMS)
        room = Room(secrets.token_urlsafe(ROOM_ID_BYTES), self._clock())
        self._rooms[room.id] = room
        return room

    def find(self, room_id: str) -> Room:
        """The room with this id.

        Raises:
            ConfappError: `room-not-found`.
        """
        self._forget_expired()
        if room := self._rooms.get(room_id):
            return room
        raise signaling_error(ErrorId.ROOM_NOT_FOUND)

    def leave(self, room: Room, seat: Seat) -> None:
        """Free a seat; an empty room begins to age."""
        room.leave(seat, self._clock())

    def _forget_expired(self) -> None:
        oldest = self._clock() - self._expiry_s
        self._rooms = {
            room.id: room
            for room in self._rooms.values()
            if room.empty_since is None or room.empty_since > oldest
        }
