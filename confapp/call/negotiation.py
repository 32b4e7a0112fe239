"""From what happens in the room to a link to the peer (offer and answer, RFC 8829).

Whoever was in the room first offers, and whoever came answers. A link that is lost is replaced by a
new one: then both may offer, and where two offers cross, that of seat 0 counts (the "polite peer"
of the WebRTC specification's section 10.7, who here is seat 1). Answers name their offer, so that a
late one is told from the one that counts.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

from signaling.messages import Description, Knock, PeerJoined, PeerLeft, Welcome

from .peer_link import PeerLink
from .signaling_client import SignalingClient, SignalingEvent
from .statistics import CallStatistics

LOOK_S = 0.25  # how often an attempt is looked after
# An attempt of which nothing is heard is given up after a while, and the next may find the network
# back: ICE itself would ask again ever more rarely. On a long link nothing is heard for longer.
SILENT_ATTEMPT_S, SILENT_ROUND_TRIPS = 1.5, 4.0
UNKNOWN_RTT_S = 0.6
LONGEST_ATTEMPT_S = 12.0  # ICE, DTLS and SCTP take about eight round trips, more when some are lost
OFFER_NAME_BYTES = 12


class Negotiation:
    """Makes links while one is wanted.

    Args:
        signaling: our seat in the room.
        new_link: makes an unused link.
        on_peer: called with whether the other seat is taken, when that changes.
        on_knock: asks whether to let somebody in from the lobby; None to let them wait.
        statistics: where descriptions that cannot be used are counted.
        clock: seconds on a monotonic clock.

    Attributes:
        link: the link at hand, if any; it may be on its way, open, or lost.
        wanted: whether a link is to be made. While the call stands it is not, and offers wait: the
            heartbeat knows better than the room whether the peer is there.
        peer_present: the other seat is taken, as far as the server has told.
        described: the peer has sent a description.
    """

    def __init__(
        self,
        signaling: SignalingClient,
        *,
        new_link: Callable[[], PeerLink],
        on_peer: Callable[[bool], None],
        on_knock: Callable[[], Awaitable[bool]] | None,
        statistics: CallStatistics,
        clock: Callable[[], float],
    ) -> None:
        self.link: PeerLink | None = None
        self.wanted = True
        self.peer_present = signaling.welcome.peer_present
        self.described = False
        self._signaling = signaling
        self._new_link = new_link
        self._on_peer = on_peer
        self._on_knock = on_knock
        self._background: set[asyncio.Task[None]] = set()
        self._statistics = statistics
        self._clock = clock
        self._their_offer: Description | None = None  # the newest; older ones are void
        self._their_answer: Description | None = None
        self._offer_due = False
        self._offered = ""  # the name of our offer that nobody has answered yet
        self._began = clock()  # the attempt at hand
        self._heard = self._began  # the last datagram of this attempt
        self._datagrams = 0
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Follow the room until the server is gone for good.

        Raises:
            ConfappError: the server refused a message of ours.
        """
        self._on_peer(self.peer_present)
        linking = asyncio.create_task(self._link())
        try:
            async for event in self._signaling.events():
                self._follow(event)
                self._stirred.set()
        finally:
            linking.cancel()
            for task in self._background:
                task.cancel()
            await asyncio.gather(linking, return_exceptions=True)

    def settle(self) -> None:
        """The link at hand is good: no other is wanted."""
        self.wanted = False
        self._offered = ""
        self._their_offer = self._their_answer = None

    def renew(self) -> None:
        """The link is lost, or its peer says so: make another."""
        self.wanted = True
        self._offer_due = not self.has_offer
        self._stirred.set()

    @property
    def has_offer(self) -> bool:
        """The peer wants a new link."""
        return self._their_offer is not None

    def drop_link(self) -> None:
        """Let go of the link at hand; it closes by itself."""
        if self.link is not None:
            self._later(self.link.close())
            self.link = None

    async def close(self) -> None:
        """Close the link at hand and wait."""
        if self.link is not None:
            await self.link.close()
            self.link = None

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # What happens in the room

    def _follow(self, event: SignalingEvent) -> None:
        if isinstance(event, Welcome):  # back after the server was out of reach
            self._see(event.peer_present)
            self._offer_due = self.wanted and event.peer_present
        elif isinstance(event, PeerJoined):
            self._see(True)
            self._offer_due = self.wanted
        elif isinstance(event, PeerLeft):
            self._their_offer = self._their_answer = None
            self._offered = ""
            self._see(False)
        elif isinstance(event, Knock):
            if self._on_knock is not None:  # whoever decides may take minutes
                self._later(self._decide(event, self._on_knock))
        elif event.kind == "offer":
            self.described = True
            if not (self._offered and self._signaling.welcome.seat == 0):
                self._their_offer = event
        else:
            self.described = True
            self._their_answer = event

    def _see(self, present: bool) -> None:
        self.peer_present = present
        self._on_peer(present)  # first, as the link at hand may tell why they leave
        if self.wanted and not present:
            self.drop_link()

    async def _decide(self, knock: Knock, on_knock: Callable[[], Awaitable[bool]]) -> None:
        await self._signaling.admit(knock.guest, admit=await on_knock())

    # Making a link

    async def _link(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):  # wait_for may swallow a cancellation
                    await self._stirred.wait()
            self._stirred.clear()
            if not self.wanted:
                continue
            answer, self._their_answer = self._their_answer, None
            offer, self._their_offer = self._their_offer, None
            if offer is not None:
                await self._answer(offer)
            elif answer is not None:
                await self._accept(answer)
            elif self._offer_due or self._attempt_is_over():
                self._offer_due = False
                if self.peer_present and self._signaling.connected:
                    await self._offer()

    def _attempt_is_over(self) -> bool:
        """Whether what is being tried has failed, so that it is time for another attempt."""
        if self.link is not None and self.link.is_open:
            return False
        now = self._clock()
        if self._offered:  # it waits in the peer's mailbox
            return now - self._began >= LONGEST_ATTEMPT_S
        if self._datagrams != self._statistics.wire_datagrams_received:
            self._datagrams = self._statistics.wire_datagrams_received
            self._heard = now
        rtt_s = self._statistics.rtt_s or UNKNOWN_RTT_S
        silent_s = SILENT_ATTEMPT_S + SILENT_ROUND_TRIPS * rtt_s
        if self._signaling.welcome.seat == 1:
            silent_s += LOOK_S + rtt_s  # so that two offers seldom cross
        return now - self._heard >= silent_s or now - self._began >= LONGEST_ATTEMPT_S

    def _begin(self) -> PeerLink:
        self.drop_link()
        self.link = self._new_link()
        return self.link

    def _begun(self) -> None:
        self._began = self._heard = self._clock()
        self._datagrams = self._statistics.wire_datagrams_received

    async def _offer(self) -> None:
        link = self._begin()
        self._offered = secrets.token_urlsafe(OFFER_NAME_BYTES)
        sdp = await link.offer()
        self._begun()
        await self._signaling.send_description("offer", sdp, self._offered)

    async def _answer(self, offer: Description) -> None:
        link = self._begin()
        self._offered = ""
        try:
            sdp = await link.answer(offer.sdp)
        except Exception:  # aiortc's SDP parser raises whatever it stumbles over
            self._statistics.control_malformed += 1
            self.drop_link()
            return
        finally:
            self._begun()
        await self._signaling.send_description("answer", sdp, offer.offer)

    async def _accept(self, answer: Description) -> None:
        if self.link is None or not self._offered or answer.offer not in (self._offered, ""):
            return
        self._offered = ""
        self._begun()
        try:
            await self.link.accept(answer.sdp)
        except Exception:  # as above; the next attempt may get a better one
            self._statistics.control_malformed += 1
