"""Another source photo while motion goes on: sent piece by piece, used from a named frame on.

Motion does not depend on the photo, so neither side begins anew. The photo is announced, its pieces
follow as fast as the sender chooses, the receiver says when it is ready, and the sender then names
the first frame that is to be seen with it.
"""

import asyncio
from dataclasses import dataclass, field

from confapp.errors import ConfappError

from .control_message import (
    MAX_STILL_BYTES,
    RefreshAnnounce,
    RefreshReady,
    RefreshUse,
    content_hash,
)

PIECE_BYTES = 1000  # with every header still one datagram on any path


@dataclass(slots=True)
class _Outgoing:
    """A photo on its way to the peer; the announcement is message 0, the first piece message 1."""

    announce: RefreshAnnounce
    still: bytes
    ready: asyncio.Future[bool]
    next_message: int = 0


@dataclass(slots=True)
class _Incoming:
    """A photo on its way to us."""

    announce: RefreshAnnounce
    still: bytearray = field(default_factory=bytearray)


class SourceRefresh:
    """Both directions of one session."""

    def __init__(self) -> None:
        self._outgoing: _Outgoing | None = None
        self._used: RefreshUse | None = None
        self._incoming: _Incoming | None = None
        self._received: str | None = None

    # Sending

    def begin(self, still: bytes) -> None:
        """Take a photo to send; one that is on its way is given up.

        Raises:
            ConfappError: `source-too-large`.
        """
        if not 1 <= len(still) <= MAX_STILL_BYTES:
            raise ConfappError(
                "source-too-large",
                f"The source photo takes {len(still)} bytes and may take {MAX_STILL_BYTES}.",
            )
        self.give_up()
        announce = RefreshAnnounce(sha256=content_hash(still), size=len(still))
        ready = asyncio.get_running_loop().create_future()
        self._outgoing = _Outgoing(announce, still, ready)

    def next_message(self) -> RefreshAnnounce | bytes | None:
        """What to send next of the photo; None when all of it was sent."""
        outgoing = self._outgoing
        if outgoing is None:
            return None
        number, outgoing.next_message = outgoing.next_message, outgoing.next_message + 1
        if number == 0:
            return outgoing.announce
        return outgoing.still[(number - 1) * PIECE_BYTES : number * PIECE_BYTES] or None

    async def wait_ready(self) -> bool:
        """Wait until the peer can use the photo; False when that will not be."""
        return self._outgoing is not None and await asyncio.shield(self._outgoing.ready)

    def on_ready(self, ready: RefreshReady) -> None:
        """The peer can use the photo.

        Raises:
            ValueError: another one than is on its way.
        """
        outgoing = self._outgoing
        if outgoing is None or ready.sha256 != outgoing.announce.sha256:
            raise ValueError("ready with another photo than the last")
        if not outgoing.ready.done():
            outgoing.ready.set_result(True)

    def use(self, timestamp_ms: int) -> tuple[RefreshUse, bytes]:
        """The message that names the first frame with the photo that is ready, and that photo."""
        assert self._outgoing is not None  # noqa: S101 (it is ready)
        sha256, still = self._outgoing.announce.sha256, self._outgoing.still
        self._outgoing = None
        self._used = RefreshUse(sha256=sha256, timestamp_ms=timestamp_ms)
        return self._used, still

    def give_up(self) -> None:
        """What is on its way will not be used."""
        if self._outgoing is not None and not self._outgoing.ready.done():
            self._outgoing.ready.set_result(False)
        self._outgoing = None

    def begin_anew(self) -> None:
        """A stream with a source of its own begins: nothing of the one before matters."""
        self.give_up()
        self._used = None

    # Both

    def on_link(self, *, same_peer: bool) -> RefreshUse | None:
        """A link to the peer stands: what was on its way starts again.

        Args:
            same_peer: whoever has the last photo already; another one was sent none.

        Returns:
            What has to be said again.
        """
        self._incoming = None
        if not same_peer:
            self._received = None
            self.begin_anew()
        elif self._outgoing is not None and not self._outgoing.ready.done():
            self._outgoing.next_message = 0
        return self._used

    # Receiving

    @property
    def awaits_piece(self) -> bool:
        """The next binary message is a piece of a photo that was announced here."""
        return self._incoming is not None

    def on_announce(self, announce: RefreshAnnounce) -> None:
        """The next binary messages are the pieces of this photo."""
        self._incoming = _Incoming(announce)

    def on_source(self) -> None:
        """The peer begins a stream with a source of its own."""
        self._incoming = self._received = None

    def on_piece(self, piece: bytes) -> bytes | None:
        """The photo, with its last piece.

        Raises:
            ValueError: it is not the one announced.
        """
        incoming = self._incoming
        if incoming is None:
            raise ValueError("a piece of no photo")
        incoming.still += piece
        if piece and len(incoming.still) < incoming.announce.size:
            return None
        self._incoming = None
        still = bytes(incoming.still)
        if not incoming.announce.fits(still):
            raise ValueError("a photo other than announced")
        self._received = incoming.announce.sha256
        return still

    def tell_ready(self, still: bytes) -> RefreshReady | None:
        """The message that says so; None where another photo has come since."""
        sha256 = content_hash(still)
        return RefreshReady(sha256=sha256) if sha256 == self._received else None

    def on_use(self, use: RefreshUse) -> None:
        """The peer names the first frame of the photo that we are ready with.

        Raises:
            ValueError: another one.
        """
        if use.sha256 != self._received:
            raise ValueError("the use of another photo than the last")
