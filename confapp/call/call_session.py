"""One call between two peers, from the link to the room until one of them leaves."""

import asyncio
import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from confapp.errors import ConfappError

from .call_handlers import CallHandlers, CallState, EndReason, StateReason, call_handler
from .connection_failure import connection_failure
from .heartbeat import INTERVAL_S, Heartbeat
from .hello import Hello, check
from .inbox import MAX_MOTION_BYTES, Inbox
from .link_health import LinkHealth
from .live_call import LiveCall
from .negotiation import Negotiation
from .outbox import Outbox
from .patience import Patience
from .peer_link import LinkOptions, PeerLink
from .safety_code import safety_code
from .signaling_client import SignalingClient
from .source_exchange import SourceExchange
from .source_refresh import SourceRefresh
from .standing import Standing
from .statistics import CallStatistics

__all__ = ["MAX_MOTION_BYTES", "CallSession"]

LOOK_S = 0.25  # how often the session looks after its link
# Behind a photo a beat would only lengthen the queue. Behind a beat that is lost it must go: else
# nothing does until SCTP's timer rings, and in silence the other side would hear nothing.
PHOTO_WAITS_BYTES = 1000
GOODBYE_S = 1.0  # how long the other side may take to hear the goodbye
REFUSAL_S = 5.0  # the same when our hello may be lost: SCTP sends it again after 3 s
# How long one attempt to reach the server again may take. One that began before the network was
# back keeps the next one waiting, so not for long where round trips are short.
RESUME_ANSWER_S = 2.0
RESUME_ROUND_TRIPS = 8.0  # of TCP, TLS, HTTP and the join, and two more for what is lost
SESSION_NAME_BYTES = 12


class CallSession(LiveCall):
    """A live call: made by `connect`, left by `close` or the end of its `async with`.

    A call outlives its connections: when one is lost, another is made through the same room, and
    photo, clocks and settings stay. Every method must be called on the event loop that it was
    connected on.

    Attributes:
        statistics: live counters.
        safety_code: words that both people should see alike; None until they are worked out.
    """

    def __init__(
        self,
        signaling: SignalingClient,
        hello: Hello,
        handlers: CallHandlers,
        *,
        clock: Callable[[], float],
        patience: Patience,
        options: LinkOptions,
    ) -> None:
        statistics, source = CallStatistics(), SourceExchange()
        refresh = SourceRefresh()
        outbox = Outbox(lambda: self._negotiation.link, statistics)
        self._health = LinkHealth()
        super().__init__(
            hello.model_copy(update={"session": secrets.token_urlsafe(SESSION_NAME_BYTES)}),
            standing=Standing(patience, clock, handlers.on_state),
            source=source,
            refresh=refresh,
            inbox=Inbox(
                heartbeat=Heartbeat(clock),
                health=self._health,
                source=source,
                refresh=refresh,
                statistics=statistics,
                handlers=handlers,
                clock=clock,
                send=outbox.send,
                on_hello=self._on_hello,
                on_bye=self._on_bye,
                answer=self._send_beat,
            ),
            outbox=outbox,
            statistics=statistics,
            clock=clock,
        )
        self.safety_code: str | None = None
        self._signaling = signaling
        self._handlers = handlers
        self._clock = clock
        self._patience = patience
        self._options = options
        self._negotiation = Negotiation(
            signaling,
            new_link=self._new_link,
            on_peer=self._on_peer,
            on_knock=handlers.on_knock,
            statistics=self.statistics,
            clock=clock,
        )
        self._loop = asyncio.get_running_loop()
        self._deadline = asyncio.timeout(None)
        self._greeted: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[EndReason] = self._loop.create_future()
        self._negotiating: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._hello_sent = False
        self._fingerprints: tuple[bytes, bytes] | None = None
        self._coding: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        room_url: str,
        hello: Hello,
        handlers: CallHandlers | None = None,
        *,
        passphrase: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        patience: Patience | None = None,
        options: LinkOptions | None = None,
    ) -> Self:
        """Join the room, wait for the other person, and come back with a live call.

        Args:
            room_url: the link to the room.
            hello: what this side says of itself.
            handlers: what to call when something happens.
            passphrase: of the room, if it has one.
            clock: seconds on a monotonic clock; every time of the session is on it.
            patience: deadlines.
            options: of every connection to the peer.

        Raises:
            ConfappError: everything of `SignalingClient.join`, `hello.check` and
                `connection_failure`.
        """
        handlers = handlers or CallHandlers()
        signaling = await SignalingClient.join(
            room_url, passphrase, lambda: call_handler(handlers.on_lobby)
        )
        session = cls(
            signaling,
            hello,
            handlers,
            clock=clock,
            patience=patience or Patience(),
            options=options or LinkOptions(),
        )
        try:
            await session._startup()
        except BaseException:
            await session._shutdown()
            raise
        session._running = asyncio.create_task(session._run())
        return session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # Ending

    async def wait_ended(self) -> EndReason:
        """Wait until the call is over and everything is closed."""
        assert self._running is not None  # noqa: S101 (connect returned)
        await asyncio.shield(self._running)
        return self._ended.result()

    async def close(self) -> None:
        """Say goodbye and leave; returns when everything is closed. May be called again."""
        self._end(EndReason.CLOSED)
        await self.wait_ended()

    # The life of a session

    async def _startup(self) -> None:
        self._negotiating = asyncio.create_task(self._negotiation.run())
        try:
            async with self._deadline:
                await asyncio.wait(
                    {self._negotiating, self._greeted}, return_when=asyncio.FIRST_COMPLETED
                )
                if not self._greeted.done():  # the server is gone, and may be needed no more
                    self._negotiating.result()
                    if self._negotiation.link is None:
                        raise ConfappError(
                            "server-unreachable",
                            "The signaling server closed the room: join again.",
                        )
                await self._greeted
        except TimeoutError:
            raise self._connection_failure() from None
        except ConfappError as error:
            await self._outbox.say_goodbye(error.error_id, REFUSAL_S)
            raise

    async def _run(self) -> None:
        try:
            await self._main_loop()
        finally:
            await self._shutdown()
            call_handler(self._handlers.on_ended, self._ended.result())

    async def _main_loop(self) -> None:
        next_beat = self._clock()
        while not self._ended.done():
            if self._clock() >= next_beat:
                next_beat = max(next_beat, self._clock() - INTERVAL_S) + INTERVAL_S
                self._beat()
            self._outbox.tell_sound_clock()
            self._look_after_link()
            await asyncio.wait({self._ended}, timeout=LOOK_S)

    def _beat(self) -> None:
        counted = self.statistics
        self._health.on_own_beat(counted.motion_sent, counted.motion_refused)
        counted.refused = self._health.refused
        if self._outbox.control_backlog < PHOTO_WAITS_BYTES:
            self._send_beat()

    def _send_beat(self) -> None:
        counted = self.statistics
        beat = self._inbox.heartbeat.beat()
        told = {
            "motion_sent": counted.motion_sent,
            "motion_loss": self._health.loss,
            "max_fps": counted.max_fps,
        }
        self._outbox.send(beat.model_copy(update=told))

    def _look_after_link(self) -> None:
        silence_s = self._inbox.heartbeat.silence_s
        if self.state.stands:
            state, reason = self._health.judge(silence_s, self.statistics.rtt_s, self._patience)
            if self._negotiation.has_offer and silence_s >= self._patience.quiet_s:
                state, reason = CallState.RECONNECTING, StateReason.SILENCE
            if state is CallState.RECONNECTING:
                self._lose(reason)
            else:
                self._standing.change(state, reason)
        elif self.state is CallState.RECONNECTING:
            if self._inbox.greeted and silence_s < self._patience.quiet_s:
                self._stand()  # the old link was only asleep
                return
            end = self._standing.still_reconnecting(
                connected=self._signaling.connected, present=self._negotiation.peer_present
            )
            if end is not None:
                self._end(end)

    def _lose(self, reason: StateReason) -> None:
        """Make another link; the old one stays until then, in case that it comes back."""
        assert self._negotiating is not None  # noqa: S101 (started before anything was live)
        self._standing.lose(reason, can_return=not self._negotiating.done())
        rtt_s = self.statistics.rtt_s or 0.0
        self._signaling.resume_answer_s = max(RESUME_ANSWER_S, RESUME_ROUND_TRIPS * rtt_s)
        self._signaling.refresh()
        self._negotiation.renew()

    async def _shutdown(self) -> None:
        if self.state not in (CallState.CONNECTING, CallState.ENDED):  # cancelled
            self._end(EndReason.CLOSED)
        if self._ended.done() and self._ended.result() is EndReason.CLOSED:
            await self._outbox.say_goodbye(EndReason.CLOSED, GOODBYE_S)
        for task in (self._negotiating, self._coding):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await self._negotiation.close()
        await self._signaling.close()

    def _end(self, reason: EndReason) -> None:
        if not self._ended.done():
            self._standing.state = CallState.ENDED
            self._inbox.closed = True
            self._ended.set_result(reason)
            self._source.give_up()
            self._refresh.give_up()

    # Connecting, for the first time and again

    def _on_peer(self, present: bool) -> None:
        if self.state is CallState.CONNECTING:
            limit, now = self._deadline.when(), self._loop.time()
            began = now if limit is None else limit - self._patience.connect_s
            if present:
                self._deadline.reschedule(now + self._patience.connect_s)
            elif now - began > self._patience.give_up_s and not self._greeted.done():
                self._greeted.set_exception(self._connection_failure())
            else:
                self._deadline.reschedule(None)
                call_handler(self._handlers.on_waiting)
        elif self.state is CallState.RECONNECTING:
            self._standing.see_peer(present)
            if not present and self.reason is StateReason.BROKEN:
                self._end(EndReason.PEER_LEFT)  # closed its connection, and then its seat

    def _new_link(self) -> PeerLink:
        self._inbox.greeted = False
        self._hello_sent = False
        self._outbox.peer_gone.clear()
        return PeerLink(
            self._signaling.ice_servers,
            self._options,
            statistics=self.statistics,
            on_control=self._inbox.on_control,
            on_motion=self._inbox.on_motion,
            on_sound=self._inbox.on_sound,
            on_change=self._on_link_change,
            on_alive=self._on_alive,
            clock=self._clock,
            on_delivered=self._on_delivered,
        )

    def _on_alive(self) -> None:
        self._inbox.heartbeat.heard()

    def _on_delivered(self, message: bytes) -> None:
        self._delivery_delay.on_delivered(message)
        self.statistics.queue_s = self._delivery_delay.queue_s
        call_handler(self._handlers.on_delivered, message)

    def _on_link_change(self) -> None:
        link = self._negotiation.link
        if link is None:
            return
        if link.is_closed:
            self._outbox.peer_gone.set()
            if self.state.stands:
                self._inbox.greeted = False
                self._lose(StateReason.BROKEN)
            elif link.has_failed and not self._greeted.done():
                self._greeted.set_exception(self._connection_failure())
        elif link.is_open and not self._hello_sent:
            self._hello_sent = self._outbox.send(self._my_hello)

    def _on_hello(self, hello: Hello) -> None:
        """With both hellos there, the call stands or both sides know why not."""
        if not self._hello_sent:
            self._hello_sent = self._outbox.send(self._my_hello)
        self._inbox.greeted = True
        self._negotiation.settle()
        try:
            check(self._my_hello, hello)
        except ConfappError as error:
            if self._greeted.done():
                self._end(EndReason.CONNECTION_FAILED)
            else:
                self._greeted.set_exception(error)
            return
        known = self._their_hello
        same_peer = known is not None and known.session == hello.session
        if not same_peer and known is not None:
            self._source.forget_peer()
            self._inbox.heartbeat = Heartbeat(self._clock)
        self._their_hello = hello
        self._stand()
        self._tell_safety_code()
        if (use := self._refresh.on_link(same_peer=same_peer)) is not None:
            self._outbox.send(use)
        if not self._greeted.done():
            self._greeted.set_result(None)
            self._signaling.patience_s = float("inf")  # it may be needed again
            call_handler(self._handlers.on_live, self)
        elif (unsettled := self._source.unsettled(same_peer=same_peer)) is not None:
            self._offer(*unsettled)
        if self._correction is not None and hello.takes_corrections:
            self._outbox.send(self._correction)

    def _tell_safety_code(self) -> None:
        link = self._negotiation.link
        assert link is not None  # noqa: S101 (a hello has come over it)
        if link.fingerprints != self._fingerprints:
            self._fingerprints = link.fingerprints
            self._coding = asyncio.create_task(self._work_out_safety_code(*link.fingerprints))

    async def _work_out_safety_code(self, ours: bytes, theirs: bytes) -> None:
        self.safety_code = await asyncio.to_thread(safety_code, ours, theirs)
        call_handler(self._handlers.on_safety_code, self.safety_code)

    def _stand(self) -> None:
        self._negotiation.settle()
        self._health.restart()
        self._inbox.heartbeat.heard()
        self.statistics.reconnects += self._standing.stand()

    def _on_bye(self) -> None:
        self._outbox.peer_gone.set()
        if self.state is not CallState.CONNECTING:
            self._end(EndReason.PEER_LEFT)

    def _connection_failure(self) -> ConfappError:
        return connection_failure(
            self._negotiation.link,
            self._signaling.ice_servers,
            described=self._negotiation.described,
            connected=self._signaling.connected,
        )
