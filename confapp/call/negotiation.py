"""From what happens in the room to a link to the peer (offer and answer, RFC 8829)."""

import asyncio
from collections.abc import Awaitable, Callable

from signaling.messages import Description, Knock, PeerJoined, PeerLeft

from .peer_link import PeerLink
from .signaling_client import SignalingClient, SignalingEvent
from .statistics import CallStatistics


class Negotiation:
    """Follows the room: whoever was there first offers, whoever came answers.

    Somebody who leaves before the call stands and another who comes are a new negotiation.

    Args:
        signaling: our seat in the room.
        new_link: makes an unused link.
        on_peer: called with whether the other seat is taken, when that changes.
        on_knock: asks whether to let somebody in from the lobby; None to let them wait.
        statistics: where descriptions that cannot be used are counted.

    Attributes:
        link: the link at hand, if any.
        finished: set this once the call stands; what happens in the room is ignored from then on,
            since the heartbeat knows better whether the peer is there.
    """

    def __init__(
        self,
        signaling: SignalingClient,
        new_link: Callable[[], PeerLink],
        on_peer: Callable[[bool], None],
        on_knock: Callable[[], Awaitable[bool]] | None,
        statistics: CallStatistics,
    ) -> None:
        self.link: PeerLink | None = None
        self.finished = False
        self._signaling = signaling
        self._new_link = new_link
        self._on_peer = on_peer
        self._on_knock = on_knock
        self._knocks: set[asyncio.Task[None]] = set()
        self._statistics = statistics

    async def run(self) -> None:
        """Follow the room until the server is gone.

        Raises:
            ConfappError: the server refused a message of ours.
        """
        self._on_peer(self._signaling.welcome.peer_present)
        try:
            async for event in self._signaling.events():
                if not self.finished:
                    await self._follow(event)
        finally:
            for knock in self._knocks:
                knock.cancel()

    async def drop_link(self) -> None:
        """Close the link at hand, if any."""
        if self.link is not None:
            await self.link.close()
            self.link = None

    async def _follow(self, event: SignalingEvent) -> None:
        if isinstance(event, PeerJoined):
            self._on_peer(True)
            await self.drop_link()
            self.link = self._new_link()
            await self._signaling.send_description("offer", await self.link.offer())
        elif isinstance(event, PeerLeft):
            await self.drop_link()
            self._on_peer(False)
        elif isinstance(event, Knock):
            if self._on_knock is not None:
                # Whoever decides may take minutes, and the room goes on meanwhile.
                deciding = asyncio.create_task(self._decide(event, self._on_knock))
                self._knocks.add(deciding)
                deciding.add_done_callback(self._knocks.discard)
        elif event.kind == "offer":
            await self._answer(event)
        else:
            await self._accept(event)

    async def _decide(self, knock: Knock, on_knock: Callable[[], Awaitable[bool]]) -> None:
        await self._signaling.admit(knock.guest, admit=await on_knock())

    async def _answer(self, offer: Description) -> None:
        await self.drop_link()
        self.link = self._new_link()
        try:
            answer = await self.link.answer(offer.sdp)
        except Exception:  # aiortc's SDP parser raises whatever it stumbles over
            self._statistics.control_malformed += 1
            await self.drop_link()
            return
        await self._signaling.send_description("answer", answer)

    async def _accept(self, answer: Description) -> None:
        try:
            if self.link is not None:
                await self.link.accept(answer.sdp)
        except Exception:  # as above; a link that gets no better answer runs into the deadline
            self._statistics.control_malformed += 1
