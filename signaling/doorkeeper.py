"""Who may open a WebSocket or make a room: origins, rates and numbers. Nothing here waits."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from .errors import ErrorId, signaling_error
from .settings import SignalingSettings
from .token_bucket import AddressBuckets, site_of


class Doorkeeper:
    """Counts what each network address does, so that none can use up what belongs to all.

    Args:
        settings: the limits.
        clock: seconds.

    Attributes:
        leaving: the server is about to stop: nobody comes in any more.
        sockets: how many WebSockets are open.
    """

    def __init__(self, settings: SignalingSettings, clock: Callable[[], float]) -> None:
        self.leaving = False
        self.sockets = 0
        self._settings = settings
        self._joins = AddressBuckets(settings.joins_per_min, clock)
        self._new_rooms = AddressBuckets(settings.rooms_per_min, clock)
        self._sockets_of: Counter[str] = Counter()

    @contextmanager
    def admit(self, address: str, origin: str | None, host: str | None) -> Iterator[None]:
        """Let a WebSocket in, and count it as long as the context lasts.

        Args:
            address: the client's network address.
            origin: the web origin of the page that asks; None when no browser does (RFC 6455
                section 10.2).
            host: the Host header, which without a public URL is our own name.

        Raises:
            ConfappError: `server-leaving`, `origin-refused`, `server-full`, `too-many-sockets`
                or `too-many-joins`.
        """
        site = site_of(address)
        if self.leaving:
            raise signaling_error(ErrorId.SERVER_LEAVING)
        if origin is not None and not self._is_allowed(origin, host):
            raise signaling_error(ErrorId.ORIGIN_REFUSED)
        if not self._joins.take(site):
            raise signaling_error(ErrorId.TOO_MANY_JOINS)
        if self._sockets_of[site] >= self._settings.sockets_per_address:
            raise signaling_error(ErrorId.TOO_MANY_SOCKETS)
        if self.sockets >= self._settings.max_sockets:
            raise signaling_error(ErrorId.SERVER_FULL)
        self.sockets += 1
        self._sockets_of[site] += 1
        try:
            yield
        finally:
            self.sockets -= 1
            self._sockets_of[site] -= 1
            if not self._sockets_of[site]:
                del self._sockets_of[site]

    def admit_room(self, address: str, origin: str | None, host: str | None) -> None:
        """Let an address make a room; a page elsewhere may not use up its visitors' share.

        Raises:
            ConfappError: `server-leaving`, `origin-refused` or `too-many-new-rooms`.
        """
        if self.leaving:
            raise signaling_error(ErrorId.SERVER_LEAVING)
        if origin is not None and not self._is_allowed(origin, host):
            raise signaling_error(ErrorId.ORIGIN_REFUSED)
        if not self._new_rooms.take(site_of(address)):
            raise signaling_error(ErrorId.TOO_MANY_NEW_ROOMS)

    def _is_allowed(self, origin: str, host: str | None) -> bool:
        public_url = self._settings.public_url
        if origin in self._settings.allowed_origins:
            return True
        if public_url is not None:
            return origin == "{0.scheme}://{0.netloc}".format(urlsplit(public_url))
        return host is not None and origin in (f"http://{host}", f"https://{host}")
