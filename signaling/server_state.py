"""What all requests and WebSockets of one server share."""

import asyncio
from collections.abc import Callable, Coroutine

from confapp.errors import ConfappError

from .doorkeeper import Doorkeeper
from .errors import ErrorId, signaling_error
from .invitation import Invitations
from .messages import IceServer
from .metrics import Metrics
from .room_store import MemoryRoomStore, RoomStore
from .settings import SignalingSettings
from .token_bucket import site_of
from .turn_credentials import TurnCredentials

DRAIN_POLL_S = 0.02


class ServerState:
    """Built once from the settings.

    Args:
        settings: of the server.
        clock: seconds since 1970.
    """

    def __init__(self, settings: SignalingSettings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.invitations = Invitations(
            settings.secret.get_secret_value() if settings.secret is not None else None
        )
        self.doorkeeper = Doorkeeper(settings, clock)
        self.metrics = Metrics()
        self.store: RoomStore = _store(settings, clock)
        self._turn = (
            TurnCredentials(
                settings.turn_urls,
                settings.turn_secret.get_secret_value(),
                settings.turn_credential_s,
            )
            if settings.turn_secret is not None
            else None
        )
        self._later: set[asyncio.Task[None]] = set()

    def ice_servers(self) -> list[IceServer]:
        """The STUN and TURN servers, with fresh credentials."""
        turn = [self._turn.issue(self.clock())] if self._turn is not None else []
        return [*self.settings.ice_servers, *turn]

    async def count_in(self, address: str, limit: ErrorId, per_min: int) -> None:
        """Count what an address does over all servers, after the doorkeeper's count on this one.

        Raises:
            ConfappError: `limit`.
        """
        site = self.invitations.site_tag(site_of(address))
        if not await self.store.allows(f"{limit}:{site}", per_min):
            raise signaling_error(limit)

    def later(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside everything else, unless the server stops first."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def drain(self, patience_s: float) -> None:
        """Let nobody in any more and send everybody away, to resume elsewhere."""
        self.doorkeeper.leaving = True
        self.store.bells.ring_all()
        try:
            async with asyncio.timeout(patience_s):
                while self.doorkeeper.sockets:  # noqa: ASYNC110 (a counter, not an event)
                    await asyncio.sleep(DRAIN_POLL_S)
        except TimeoutError:
            pass

    async def stop(self) -> None:
        """Let go of everything."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.store.stop()


def _store(settings: SignalingSettings, clock: Callable[[], float]) -> RoomStore:
    limits = (settings.max_rooms, settings.rooms_per_address, settings.room_expiry_s, clock)
    if settings.store is None:
        return MemoryRoomStore(*limits)
    try:
        from .redis_store import RedisRoomStore  # noqa: PLC0415 (an extra; most need none)
    except ImportError:
        raise ConfappError(
            "redis-missing",
            "Keeping rooms in Redis needs the Python package redis: install confapp[redis].",
        ) from None
    return RedisRoomStore(settings.store.get_secret_value(), *limits)
