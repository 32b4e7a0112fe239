"""The source photo on its way: announced, sent once, known by its hash, answered when ready."""

import asyncio
from dataclasses import dataclass

from confapp.errors import ConfappError

from .control_message import MAX_STILL_BYTES, SourceAnnounce, SourceReady, content_hash


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """The peer's source photo.

    Attributes:
        still: the image file as the peer sent it, at most `MAX_STILL_BYTES`; not looked into.
        sha256: its content hash in hexadecimal.
        stream_origin: seconds on the peer's clock at timestamp 0 of its motion.
        live: False when the peer says that it is a picture from disk.
    """

    still: bytes
    sha256: str
    stream_origin: float
    live: bool = True


class SourceExchange:
    """Both directions of one session: the photo that we sent last, and the one on its way to us."""

    def __init__(self) -> None:
        self._sent: str | None = None
        self._sent_still: tuple[SourceAnnounce, bytes] | None = None
        self._photo: SourcePhoto | None = None
        self._told_ready: str | None = None
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._announced: SourceAnnounce | None = None

    def announce(self, still: bytes, stream_origin: float, *, live: bool = True) -> SourceAnnounce:
        """The message that goes before the still; who waited for an earlier one waits in vain.

        Raises:
            ConfappError: `source-too-large`.
        """
        if not 1 <= len(still) <= MAX_STILL_BYTES:
            raise ConfappError(
                "source-too-large",
                f"The source photo takes {len(still)} bytes and may take {MAX_STILL_BYTES}: "
                "choose a lower quality.",
            )
        self.give_up()
        self._ready = asyncio.get_running_loop().create_future()
        self._sent = content_hash(still)
        announce = SourceAnnounce(
            sha256=self._sent, size=len(still), stream_origin=stream_origin, live=live
        )
        self._sent_still = announce, still
        return announce

    def unsettled(self, *, same_peer: bool) -> tuple[SourceAnnounce, bytes] | None:
        """What has to be sent again over a new link, if anything.

        Args:
            same_peer: whoever has the last photo already; else it starts from nothing.
        """
        return self._sent_still if not (same_peer and self._ready.done()) else None

    def replace(self, still: bytes) -> None:
        """The peer has got this better photo by now: another one would begin with it."""
        assert self._sent_still is not None  # noqa: S101 (motion goes on)
        self._sent = content_hash(still)
        update = {"sha256": self._sent, "size": len(still), "live": True}
        self._sent_still = self._sent_still[0].model_copy(update=update), still

    def tell_ready(self, sha256: str) -> SourceReady:
        """The message that lets motion begin."""
        self._told_ready = sha256
        return SourceReady(sha256=sha256)

    def forget_peer(self) -> None:
        """Another program is at the other end now."""
        self._announced = self._photo = self._told_ready = None

    @property
    def takes_motion(self) -> bool:
        """The peer was told that its photo is ready."""
        return self._told_ready is not None

    def on_ready(self, ready: SourceReady) -> None:
        """The peer is ready.

        Raises:
            ValueError: with a photo that was never sent.
        """
        if ready.sha256 != self._sent:
            raise ValueError("ready with another photo than the last")
        if not self._ready.done():
            self._ready.set_result(True)

    async def wait_ready(self) -> bool:
        """Wait until the peer is ready with the last photo; False when that will not be."""
        return await asyncio.shield(self._ready)

    def give_up(self) -> None:
        """The last photo will not be made ready any more."""
        if not self._ready.done():
            self._ready.set_result(False)

    def on_announce(self, announce: SourceAnnounce) -> None:
        """The peer's next still is this one."""
        self._announced = announce

    def on_still(self, still: bytes) -> SourcePhoto | SourceReady:
        """The peer's still, or the answer to one that is ready since before.

        Raises:
            ValueError: it is not the one announced.
        """
        announced, self._announced = self._announced, None
        if announced is None or not announced.fits(still):
            raise ValueError("a still other than announced")
        photo = SourcePhoto(still, announced.sha256, announced.stream_origin, announced.live)
        if photo == self._photo and photo.sha256 == self._told_ready:
            return SourceReady(sha256=photo.sha256)
        self._photo = photo
        return photo
