"""Rooms in memory: their bound, their end, and the bells at their news."""

import pytest

from confapp.errors import ConfappError
from signaling.room import Room
from signaling.room_store import MemoryRoomStore

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
def store(clock: Clock) -> MemoryRoomStore:
    return MemoryRoomStore(max_rooms=3, rooms_per_maker=2, expiry_s=EXPIRY_S, clock=clock)


async def add(store: MemoryRoomStore, room_id: str, maker: str | None = None) -> None:
    await store.add(Room(id=room_id, maker=maker or room_id))


async def assert_gone(store: MemoryRoomStore, room_id: str) -> None:
    with pytest.raises(ConfappError) as refused:
        await store.find(room_id)
    assert refused.value.error_id == "room-not-found"


async def test_an_unknown_room_is_an_error(store: MemoryRoomStore) -> None:
    await assert_gone(store, "a")


async def test_a_room_ends_once_nobody_changed_it_for_long_enough(
    store: MemoryRoomStore, clock: Clock
) -> None:
    await add(store, "a")
    await add(store, "b")
    clock.now += EXPIRY_S - 1
    await store.update("a", lambda _: None)  # as the renewal of a seat does
    clock.now += 1
    await assert_gone(store, "b")
    assert (await store.find("a")).id == "a"
    clock.now += EXPIRY_S - 1
    await assert_gone(store, "a")


async def test_rooms_are_bounded_and_expired_ones_make_way(
    store: MemoryRoomStore, clock: Clock
) -> None:
    for room_id in "abc":
        await add(store, room_id)
    with pytest.raises(ConfappError) as refused:
        await add(store, "d")
    assert refused.value.error_id == "too-many-rooms"
    clock.now += EXPIRY_S
    await add(store, "d")


async def test_a_maker_has_some_rooms_and_more_once_theirs_are_forgotten(
    store: MemoryRoomStore, clock: Clock
) -> None:
    await add(store, "a", "ada")
    clock.now += 1
    await add(store, "b", "ada")
    with pytest.raises(ConfappError) as refused:
        await add(store, "c", "ada")
    assert refused.value.error_id == "too-many-own-rooms"
    await add(store, "c", "ben")
    clock.now += EXPIRY_S - 1
    await add(store, "d", "ada")
    with pytest.raises(ConfappError) as refused:
        await add(store, "e", "ada")
    assert refused.value.error_id == "too-many-own-rooms"


async def test_an_update_frees_seats_that_expired_first(
    store: MemoryRoomStore, clock: Clock
) -> None:
    await add(store, "a")
    now = clock.now

    def take_both(room: Room) -> None:
        for name in ("ada", "ben"):
            room.join(host=False, resume_token=name, expires_at=now + 10)

    await store.update("a", take_both)
    clock.now += 10
    await store.update("a", take_both)


async def test_bells_ring_at_news_and_at_the_end(store: MemoryRoomStore, clock: Clock) -> None:
    await add(store, "a")
    with store.bells.listen("a") as bell, store.bells.listen("b") as other:
        await store.update("a", lambda _: None)
        assert not bell.is_set()
        await store.update(
            "a", lambda room: room.join(host=False, resume_token="x", expires_at=clock.now)
        )
        assert not bell.is_set()  # the first alone has nobody to hear of it
        await store.update("a", lambda _: None)  # frees the expired seat
        assert bell.is_set()
        bell.clear()
        clock.now += EXPIRY_S
        await assert_gone(store, "a")
        assert bell.is_set()
        assert not other.is_set()
        store.bells.ring_all()
        assert other.is_set()
