"""Rooms in Redis, for several servers behind one balancer.

A room is one JSON value that expires by itself. A change reads it, makes the change in Python and
writes it back in a transaction that fails when somebody else wrote meanwhile; then it is made anew.
News of rooms go to every server over one channel, which carries names of rooms and nothing else.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, WatchError

from .errors import ErrorId, signaling_error
from .journal import note
from .room import Room
from .room_store import Bells

PREFIX = "confapp:room:"
INDEX = "confapp:rooms"  # sorted set: room id -> when it is forgotten, seconds since 1970
MADE = "confapp:made:"  # the same for each maker
TALLY = "confapp:tally:"  # how often something was done in a minute, which is part of the name
MINUTE_S = 60
CHANNEL = "confapp:news"
ATTEMPTS = 50  # at one change; two people and their servers rarely write at the same time
RETRY_S = 0.01  # longest wait before another attempt
RECONNECT_S = 0.5
LISTEN_S = 5  # how often to make sure that the connection which brings news is alive
ANSWER_S = 2.0  # how long Redis may take to answer
CONNECTIONS = 64  # at most, of one server

Result = TypeVar("Result")


class RedisRoomStore:
    """See `RoomStore`.

    Args:
        url: `redis://[:password@]host[:port][/database]`.
        max_rooms: how many may exist at a time, over all servers.
        rooms_per_maker: how many of one maker.
        expiry_s: seconds after its last change at which a room is forgotten.
        clock: seconds since 1970; servers that share rooms need roughly the same time.
    """

    def __init__(
        self,
        url: str,
        max_rooms: int,
        rooms_per_maker: int,
        expiry_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.bells = Bells()
        self._max_rooms = max_rooms
        self._rooms_per_maker = rooms_per_maker
        self._expiry_s = expiry_s
        self._clock = clock
        self._redis: Redis = Redis.from_pool(
            BlockingConnectionPool.from_url(  # waits for a free one where the usual pool fails
                url,
                decode_responses=True,
                socket_timeout=ANSWER_S,
                socket_connect_timeout=ANSWER_S,
                max_connections=CONNECTIONS,
                timeout=ANSWER_S,
            )
        )
        # The ear waits for news for as long as it takes.
        self._ear: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=ANSWER_S,
            health_check_interval=LISTEN_S,
        )
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to hear of changes; Redis may come later."""
        self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Let go of everything."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._ear.aclose()
        await self._redis.aclose()

    async def check(self) -> None:
        """See `RoomStore`."""
        with _outage():
            await _done(self._redis.ping())

    async def add(self, room: Room) -> None:
        """See `RoomStore`."""
        now = self._clock()
        # In first, and out again if it is one too many: looking first would let in all who look.
        with _outage():
            async with self._redis.pipeline() as pipe:
                self._write(pipe, room, now)
                for index in (MADE + room.maker, INDEX):
                    pipe.zremrangebyscore(index, "-inf", now)
                    pipe.zcard(index)
                *_, made, _, rooms = await pipe.execute()
            if made <= self._rooms_per_maker and rooms <= self._max_rooms:
                return
            async with self._redis.pipeline() as pipe:
                pipe.delete(PREFIX + room.id)
                for index in (MADE + room.maker, INDEX):
                    pipe.zrem(index, room.id)
                await pipe.execute()
        own = made > self._rooms_per_maker
        raise signaling_error(ErrorId.TOO_MANY_OWN_ROOMS if own else ErrorId.TOO_MANY_ROOMS)

    async def allows(self, what: str, per_min: int) -> bool:
        """See `RoomStore`. In an outage everything: each server's own count holds on."""
        minute = f"{TALLY}{what}:{int(self._clock()) // MINUTE_S}"
        try:
            async with self._redis.pipeline() as pipe:
                pipe.incr(minute)
                pipe.expire(minute, MINUTE_S)
                count, _ = await pipe.execute()
        except (RedisError, OSError, TimeoutError):
            return True
        return int(count) <= per_min

    async def find(self, room_id: str) -> Room:
        """See `RoomStore`."""
        with _outage():
            return _parse(await self._redis.get(PREFIX + room_id))

    async def update(self, room_id: str, change: Callable[[Room], Result]) -> Result:
        """See `RoomStore`."""
        with _outage():
            for _ in range(ATTEMPTS):
                async with self._redis.pipeline() as pipe:
                    await pipe.watch(PREFIX + room_id)
                    room = _parse(await pipe.get(PREFIX + room_id))
                    now = self._clock()
                    room.sweep(now)
                    result = change(room)
                    pipe.multi()  # type: ignore[no-untyped-call]
                    self._write(pipe, room, now)
                    if room.take_stirred():
                        pipe.publish(CHANNEL, room_id)
                    with contextlib.suppress(WatchError):
                        await pipe.execute()
                        return result
                await asyncio.sleep(RETRY_S * random.random())  # noqa: S311 (nothing secret)
        raise signaling_error(ErrorId.STORE_UNAVAILABLE)

    def _write(self, pipe: Pipeline, room: Room, now: float) -> None:
        pipe.set(PREFIX + room.id, room.model_dump_json(), px=int(self._expiry_s * 1000))
        for index in (MADE + room.maker, INDEX):
            pipe.zadd(index, {room.id: now + self._expiry_s})
        pipe.pexpire(MADE + room.maker, int(self._expiry_s * 1000))

    async def _listen(self) -> None:
        while True:
            try:
                async with self._ear.pubsub(ignore_subscribe_messages=True) as news:
                    await news.subscribe(CHANNEL)
                    self.bells.ring_all()  # for whatever was said while nobody listened
                    while True:
                        message = await news.get_message(timeout=LISTEN_S)
                        if message is not None:
                            self.bells.ring(message["data"])
            except RedisError as error:
                note("store-lost", fault=type(error).__name__)
                await asyncio.sleep(RECONNECT_S)


@contextlib.contextmanager
def _outage() -> Iterator[None]:
    try:
        yield
    except WatchError:
        raise
    except (RedisError, OSError, TimeoutError):
        raise signaling_error(ErrorId.STORE_UNAVAILABLE) from None


async def _done(command: Awaitable[object] | object) -> object:
    """redis-py types some commands for both of its faces."""
    return await command if isinstance(command, Awaitable) else command


def _parse(kept: bytes | str | None) -> Room:
    if kept is None:
        raise signaling_error(ErrorId.ROOM_NOT_FOUND)
    return Room.model_validate_json(kept)
