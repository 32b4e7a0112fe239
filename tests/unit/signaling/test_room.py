"""Seats, relay, expiry and the bound on rooms, on a clock set by hand."""

import pytest

from confapp.errors import ConfappError
from signaling.messages import Description, PeerJoined, PeerLeft
from signaling.room import OUTBOX_MESSAGES, Rooms

EXPIRY_S = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rooms(clock: Clock) -> Rooms:
    return Rooms(max_rooms=3, expiry_s=EXPIRY_S, clock=clock)


def test_room_ids_are_long_and_differ(rooms: Rooms) -> None:
    ids = {rooms.create().id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(room_id) >= 22 for room_id in ids)  # 128 bits in base64


def test_two_seats_and_no_third(rooms: Rooms) -> None:
    room = rooms.create()
    first, second = room.join(), room.join()
    assert (first.number, second.number) == (0, 1)
    assert room.peer_of(first) is second
    with pytest.raises(ConfappError) as refused:
        room.join()
    assert refused.value.error_id == "room-full"


def test_the_other_seat_hears_of_coming_and_going(rooms: Rooms) -> None:
    room = rooms.create()
    first = room.join()
    second = room.join()
    rooms.leave(room, second)
    assert first.outbox.get_nowait() == PeerJoined()
    assert first.outbox.get_nowait() == PeerLeft()
    assert second.outbox.empty()


def test_a_free_seat_is_taken_again(rooms: Rooms) -> None:
    room = rooms.create()
    first = room.join()
    second = room.join()
    rooms.leave(room, first)
    assert room.join().number == 0
    assert second.outbox.get_nowait() == PeerLeft()
    assert second.outbox.get_nowait() == PeerJoined()


def test_descriptions_go_to_the_other_seat_only(rooms: Rooms) -> None:
    room = rooms.create()
    first = room.join()
    offer = Description(kind="offer", sdp="v=0")
    room.relay(first, offer)  # nobody there: nobody to tell
    second = room.join()
    room.relay(first, offer)
    assert second.outbox.get_nowait() == offer
    assert second.outbox.empty()
    assert first.outbox.get_nowait() == PeerJoined()
    assert first.outbox.empty()


def test_a_client_that_does_not_read_costs_bounded_memory(rooms: Rooms) -> None:
    room = rooms.create()
    first, second = room.join(), room.join()
    for _ in range(2 * OUTBOX_MESSAGES):
        room.relay(first, Description(kind="offer", sdp="v=0"))
    assert second.outbox.qsize() == OUTBOX_MESSAGES


def test_an_unknown_room_is_an_error(rooms: Rooms) -> None:
    with pytest.raises(ConfappError) as refused:
        rooms.find("no-such-room")
    assert refused.value.error_id == "room-not-found"


def test_a_room_expires_once_it_was_empty_for_long_enough(rooms: Rooms, clock: Clock) -> None:
    room = rooms.create()
    clock.now += EXPIRY_S - 1
    assert rooms.find(room.id) is room
    clock.now += 1
    with pytest.raises(ConfappError):
        rooms.find(room.id)


def test_a_room_in_use_does_not_expire(rooms: Rooms, clock: Clock) -> None:
    room = rooms.create()
    first, second = room.join(), room.join()
    clock.now += 10 * EXPIRY_S
    assert rooms.find(room.id) is room
    rooms.leave(room, first)
    clock.now += 10 * EXPIRY_S
    assert rooms.find(room.id) is room
    rooms.leave(room, second)  # ages from here
    clock.now += EXPIRY_S - 1
    assert rooms.find(room.id) is room
    clock.now += 1
    with pytest.raises(ConfappError):
        rooms.find(room.id)


def test_rooms_are_bounded_and_expired_ones_make_way(rooms: Rooms, clock: Clock) -> None:
    for _ in range(3):
        rooms.create()
    with pytest.raises(ConfappError) as refused:
        rooms.create()
    assert refused.value.error_id == "too-many-rooms"
    clock.now += EXPIRY_S
    rooms.create()
