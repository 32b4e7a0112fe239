"""One call between two peers, from the link to the room until one of them leaves."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from confapp.errors import ConfappError

from . import control_message
from .call_handlers import CallHandlers, CallState, EndReason, call_handler
from .control_message import (
    MAX_STILL_BYTES,
    Beat,
    Bye,
    ControlMessage,
    Recording,
    RecordingStep,
    SourceAnnounce,
    SourceReady,
)
from .heartbeat import DEAD_AFTER_S, INTERVAL_S, Heartbeat
from .hello import Hello, check
from .negotiation import Negotiation
from .peer_link import PeerLink
from .signaling_client import SignalingClient
from .source_exchange import SourceExchange
from .statistics import CallStatistics

CONNECT_S = 20.0  # from the moment that both are in the room
GOODBYE_S = 1.0  # how long the other side may take to hear the goodbye
REFUSAL_S = 5.0  # the same when our hello may be lost: SCTP sends it again after 3 s
MAX_MOTION_BYTES = 1100  # with every header still one datagram on any path


class CallSession:
    """A live call: made by `connect`, left by `close` or the end of its `async with`.

    Every method must be called on the event loop that it was connected on.

    Attributes:
        statistics: live counters.
        state: where the session is in its life.
    """

    def __init__(
        self,
        signaling: SignalingClient,
        hello: Hello,
        handlers: CallHandlers,
        *,
        clock: Callable[[], float],
        connect_s: float,
        dead_after_s: float,
    ) -> None:
        self.statistics = CallStatistics()
        self.state = CallState.CONNECTING
        self._signaling = signaling
        self._my_hello = hello
        self._their_hello: Hello | None = None
        self._handlers = handlers
        self._clock = clock
        self._connect_s = connect_s
        self._heartbeat = Heartbeat(clock, dead_after_s)
        self._negotiation = Negotiation(
            signaling, self._new_link, self._on_peer, handlers.on_knock, self.statistics
        )
        self._loop = asyncio.get_running_loop()
        self._deadline = asyncio.timeout(None)
        self._greeted: asyncio.Future[None] = self._loop.create_future()
        self._peer_gone = asyncio.Event()
        self._ended: asyncio.Future[EndReason] = self._loop.create_future()
        self._negotiating: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._hello_sent = False
        self._source = SourceExchange()
        self._takes_motion = False

    @classmethod
    async def connect(
        cls,
        room_url: str,
        hello: Hello,
        handlers: CallHandlers | None = None,
        *,
        passphrase: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        connect_s: float = CONNECT_S,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> Self:
        """Join the room, wait for the other person, and come back with a live call.

        Args:
            room_url: the link to the room.
            hello: what this side says of itself.
            handlers: what to call when something happens.
            passphrase: of the room, if it has one.
            clock: seconds on a monotonic clock; every time of the session is on it.
            connect_s: seconds that connecting may take once both are in the room. Waiting for the
                other person has no limit.
            dead_after_s: seconds of silence after which the peer counts as lost.

        Raises:
            ConfappError: everything of `SignalingClient.join` and `hello.check`, and
                `connection-failed`.
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
            connect_s=connect_s,
            dead_after_s=dead_after_s,
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

    @property
    def peer(self) -> Hello:
        """What the peer said of itself."""
        assert self._their_hello is not None  # noqa: S101 (connect returned)
        return self._their_hello

    @property
    def can_send(self) -> bool:
        """This side sends and the peer receives."""
        return self._my_hello.sends and self.peer.receives

    @property
    def can_receive(self) -> bool:
        """The peer sends and this side receives."""
        return self.peer.sends and self._my_hello.receives

    # Sending

    def send_source(self, still: bytes, stream_origin: float) -> str:
        """Send the source photo, reliably; motion should begin once it is ready on the other side.

        Args:
            still: an image file of 1 to `MAX_STILL_BYTES` bytes.
            stream_origin: seconds on this session's clock at timestamp 0 of the motion.

        Returns:
            Its content hash.

        Raises:
            ConfappError: `source-too-large`.
        """
        announce = self._source.announce(still, stream_origin)
        if not (self._send(announce) and self._send(still)):
            self._source.give_up()
        return announce.sha256

    async def wait_source_ready(self) -> bool:
        """Wait until the peer can animate the last source sent; False when that will not be."""
        return await self._source.wait_ready()

    def send_motion(self, message: bytes, payload_bytes: int) -> bool:
        """Send one motion message now or never.

        Args:
            message: payloads and our header, 1 to `MAX_MOTION_BYTES` bytes.
            payload_bytes: how much of it is coded motion without any header.

        Returns:
            False when it was refused since the channel is backed up or closed: take a newer frame.
        """
        if not 1 <= len(message) <= MAX_MOTION_BYTES:
            raise ValueError(f"a motion message takes 1 to {MAX_MOTION_BYTES} bytes")
        link = self._negotiation.link
        if self.state is not CallState.LIVE or link is None or not link.send_motion(message):
            self.statistics.motion_refused += 1
            return False
        self.statistics.motion_sent += 1
        self.statistics.message_bytes_sent += len(message)
        self.statistics.payload_bytes_sent += payload_bytes
        return True

    def send_source_ready(self, sha256: str) -> None:
        """Tell the peer that its photo can be animated; motion is taken from now on."""
        self._takes_motion = True
        self._send(SourceReady(sha256=sha256))

    def send_recording(self, step: RecordingStep) -> None:
        """Ask whether this side may record, or answer the peer."""
        self._send(Recording(step=step))

    def local_time(self, peer_time: float) -> float | None:
        """A time on the peer's clock as one on ours, in seconds; None while the offset is unknown.

        What the peer captured at `timestamp_ms` was captured at our
        `local_time(photo.stream_origin + timestamp_ms / 1000)`.
        """
        return self._heartbeat.clock_offset.to_local(peer_time)

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
            raise _connection_failed() from None
        except ConfappError as error:
            await self._say_goodbye(error.error_id, REFUSAL_S)
            raise

    async def _run(self) -> None:
        try:
            await self._main_loop()
        finally:
            await self._shutdown()
            call_handler(self._handlers.on_ended, self._ended.result())

    async def _main_loop(self) -> None:
        while not self._ended.done():
            self._send(self._heartbeat.beat())
            await asyncio.wait({self._ended}, timeout=INTERVAL_S)
            if self._heartbeat.peer_is_dead:
                self._end(EndReason.PEER_LOST)

    async def _shutdown(self) -> None:
        if self.state is CallState.LIVE:  # cancelled
            self._end(EndReason.CLOSED)
        if self._ended.done() and self._ended.result() is EndReason.CLOSED:
            await self._say_goodbye(EndReason.CLOSED, GOODBYE_S)
        if self._negotiating is not None:
            self._negotiating.cancel()
            await asyncio.gather(self._negotiating, return_exceptions=True)
        await self._negotiation.drop_link()
        await self._signaling.close()

    def _end(self, reason: EndReason) -> None:
        if not self._ended.done():
            self.state = CallState.ENDED
            self._ended.set_result(reason)
            self._source.give_up()

    async def _say_goodbye(self, reason: str, patience_s: float) -> None:
        """Closing right away would overtake the message, so wait for the peer to be gone."""
        if self._send(Bye(reason=reason)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._peer_gone.wait(), patience_s)

    # Connecting

    def _on_peer(self, present: bool) -> None:
        self._deadline.reschedule(self._loop.time() + self._connect_s if present else None)
        if not present:
            call_handler(self._handlers.on_waiting)

    def _new_link(self) -> PeerLink:
        self._their_hello = None
        self._hello_sent = False
        self._peer_gone.clear()
        return PeerLink(
            self._signaling.ice_servers,
            self.statistics,
            self._on_control,
            self._on_motion,
            self._on_link_change,
        )

    def _on_link_change(self) -> None:
        link = self._negotiation.link
        if link is None:
            return
        if link.is_closed:
            self._peer_gone.set()
            if self.state is CallState.LIVE:
                lost = link.has_failed
                self._end(EndReason.CONNECTION_FAILED if lost else EndReason.PEER_LEFT)
            elif link.has_failed and not self._greeted.done():
                self._greeted.set_exception(_connection_failed())
        elif link.is_open:
            self._greet()

    def _greet(self) -> None:
        """Once both hellos are there, the call stands or both sides know why not."""
        if not self._hello_sent:
            self._hello_sent = self._send(self._my_hello)
        if not self._hello_sent or self._their_hello is None or self._greeted.done():
            return
        self._negotiation.finished = True
        try:
            check(self._my_hello, self._their_hello)
        except ConfappError as error:
            self._greeted.set_exception(error)
            return
        self.state = CallState.LIVE
        self._greeted.set_result(None)
        call_handler(self._handlers.on_live, self)

    # Receiving; nothing here may raise

    def _on_motion(self, message: str | bytes) -> None:
        if self.state is CallState.ENDED:
            return
        arrival = self._clock()
        self._heartbeat.heard()
        if not isinstance(message, bytes) or not 1 <= len(message) <= MAX_MOTION_BYTES:
            self.statistics.motion_malformed += 1
        elif not self._takes_motion:
            self.statistics.motion_early += 1
        elif call_handler(self._handlers.on_motion, message, arrival):
            self.statistics.motion_received += 1
            self.statistics.message_bytes_received += len(message)
        else:
            self.statistics.motion_malformed += 1

    def _on_control(self, message: str | bytes) -> None:
        self._heartbeat.heard()
        try:
            if isinstance(message, bytes):
                self._take_still(message)
            else:
                self._take(control_message.decode(message))
        except ValueError:
            self.statistics.control_malformed += 1

    def _take(self, message: ControlMessage) -> None:
        """Raises: ValueError: a message that has no place here."""
        if isinstance(message, Hello):
            if self._their_hello is not None:
                raise ValueError("a second hello")
            self._their_hello = message
            self._greet()
        elif isinstance(message, Bye):
            self._peer_gone.set()
            if self.state is CallState.LIVE:
                self._end(EndReason.PEER_LEFT)
        elif self.state is CallState.ENDED:
            return  # was on its way when this side left
        elif self.state is CallState.CONNECTING:
            raise ValueError("a message before the hello")
        elif isinstance(message, Beat):
            self._take_beat(message)
        elif isinstance(message, SourceAnnounce):
            self._source.on_announce(message)
        elif isinstance(message, Recording):
            call_handler(self._handlers.on_recording, message.step)
        else:
            self._source.on_ready(message)

    def _take_beat(self, beat: Beat) -> None:
        self._heartbeat.on_beat(beat)
        self.statistics.rtt_s = self._heartbeat.clock_offset.rtt_s
        self.statistics.clock_offset_s = self._heartbeat.clock_offset.offset_s
        link = self._negotiation.link
        # Who asks without an answer may know nothing yet of the distance: answer at once, unless
        # the peer only asks and takes nothing.
        if beat.echo is None and link is not None and link.control_backlog < 2 * MAX_STILL_BYTES:
            self._send(self._heartbeat.beat())

    def _take_still(self, still: bytes) -> None:
        if self.state is CallState.ENDED:
            return
        if self.state is CallState.CONNECTING:
            raise ValueError("a still before the hello")
        photo = self._source.on_still(still)
        if not call_handler(self._handlers.on_source, photo):
            raise ValueError("a still that cannot be used")

    def _send(self, message: ControlMessage | bytes) -> bool:
        link = self._negotiation.link
        data = message if isinstance(message, bytes) else control_message.encode(message)
        return link is not None and link.send_control(data)


def _connection_failed() -> ConfappError:
    return ConfappError(
        "connection-failed",
        "The other person is in the room, but no way to them was found: "
        "check both networks, or give the signaling server a TURN server.",
    )
