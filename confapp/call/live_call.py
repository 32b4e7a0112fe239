"""What a call offers while it stands, whichever connection it goes over."""

import asyncio
from collections.abc import Callable

from confapp.opus_plan import OpusPlan

from .call_handlers import CallState, StateReason
from .control_message import Correction, KeyRequest, Recording, RecordingStep, SourceAnnounce
from .delivery_delay import DeliveryDelay
from .hello import Hello
from .inbox import Inbox
from .outbox import Outbox
from .sound_plan import MUCH_LOST, SoundPlanner
from .source_exchange import SourceExchange
from .source_refresh import SourceRefresh
from .standing import Standing
from .statistics import CallStatistics


class LiveCall:
    """Sends, and tells how the call stands.

    Args:
        my_hello: what this side says of itself.
        standing, source, refresh, inbox, outbox, statistics: the parts of the session.
        clock: seconds on the session's clock.

    Attributes:
        statistics: live counters.
    """

    def __init__(
        self,
        my_hello: Hello,
        *,
        standing: Standing,
        source: SourceExchange,
        refresh: SourceRefresh,
        inbox: Inbox,
        outbox: Outbox,
        statistics: CallStatistics,
        clock: Callable[[], float],
    ) -> None:
        self.statistics = statistics
        self._my_hello = my_hello
        self._their_hello: Hello | None = None
        self._standing = standing
        self._source = source
        self._refresh = refresh
        self._inbox = inbox
        self._outbox = outbox
        self._sound_planner = SoundPlanner(statistics, clock)
        self._delivery_delay = DeliveryDelay(clock)
        self._correction: Correction | None = None  # of the last source

    @property
    def state(self) -> CallState:
        """Where the session is in its life."""
        return self._standing.state

    @property
    def reason(self) -> StateReason:
        """Why it is degraded or reconnecting."""
        return self._standing.reason

    @property
    def sound_plan(self) -> OpusPlan:
        """How sound is best coded now. May be asked from any thread."""
        return self._sound_planner.plan

    @property
    def loses_much(self) -> bool:
        """So much of what this side sends is lost that it is worth sending twice."""
        return self.statistics.motion_loss_there > MUCH_LOST

    @property
    def max_fps(self) -> int | None:
        """The most frames a second that the peer wants; None for all."""
        return self.statistics.max_fps_there

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

    def send_source(self, still: bytes, stream_origin: float, *, live: bool = True) -> str:
        """Send the source photo, reliably; motion should begin once it is ready on the other side.

        A peer that keeps photos is told the hash alone, and asks for the photo if it has it not.

        Args:
            still: an image file of 1 to `MAX_STILL_BYTES` bytes.
            stream_origin: seconds on this session's clock at timestamp 0 of the motion.
            live: False for a picture from disk: the other side is told.

        Returns:
            Its content hash.

        Raises:
            ConfappError: `source-too-large`.
        """
        self._refresh.begin_anew()
        self._correction = None
        announce = self._source.announce(still, stream_origin, live=live)
        if self.state is CallState.ENDED:
            self._source.give_up()
        elif self.state.stands:
            self._offer(announce, still)  # what is lost with its link is sent again over the next
        return announce.sha256

    def _offer(self, announce: SourceAnnounce, still: bytes) -> None:
        if self._outbox.send(announce) and not self.peer.keeps_photos:
            self._outbox.send(still)

    async def wait_source_ready(self) -> bool:
        """Wait until the peer can animate the last source sent; False when that will not be."""
        return await self._source.wait_ready()

    async def send_refresh(self, still: bytes, piece_every_s: float) -> bool:
        """Send a better photo while motion goes on, and wait until the peer can use it.

        What is lost with its link is sent again over the next.

        Args:
            still: as `send_source`.
            piece_every_s: seconds from one piece to the next; a piece waits longer while an
                earlier one is not on its way yet.

        Returns:
            False when the peer will not use it: another one was sent, or the call is over.

        Raises:
            ConfappError: `source-too-large`.
        """
        self._refresh.begin(still)
        ready = asyncio.create_task(self._refresh.wait_ready())
        try:
            while not ready.done():
                if self.state.stands and not self._outbox.control_backlog:
                    message = self._refresh.next_message()
                    if message is not None:
                        self._outbox.send(message)
                await asyncio.wait({ready}, timeout=piece_every_s)
            return ready.result()
        finally:
            ready.cancel()

    def use_refresh(self, timestamp_ms: int) -> None:
        """Name the first frame to be seen with the photo that `send_refresh` said is ready."""
        use, still = self._refresh.use(timestamp_ms)
        self._source.replace(still)
        self._correction = None
        self._outbox.send(use)

    def send_correction(self, code: bytes) -> None:
        """Tell a peer that takes it where its pictures of the last source show things.

        What is lost with its link is sent again over the next, until there is another source.

        Args:
            code: 1 to `MAX_CORRECTION_BYTES` bytes.
        """
        self._correction = Correction(code=code)
        self._outbox.send(self._correction)

    def send_refresh_ready(self, still: bytes) -> None:
        """Tell the peer that its better photo can be animated."""
        ready = self._refresh.tell_ready(still)
        if ready is not None:
            self._outbox.send(ready)

    def send_motion(self, message: bytes, payload_bytes: int) -> bool:
        """Send one motion message now or never.

        Args:
            message: payloads and our header, 1 to `MAX_MOTION_BYTES` bytes.
            payload_bytes: how much of it is coded motion without any header.

        Returns:
            False when it was refused since the channel is backed up or closed: take a newer frame.
        """
        stands = self.state.stands
        self.statistics.motion_refused += not stands
        accepted = stands and self._outbox.send_motion(message, payload_bytes)
        if accepted:
            self._delivery_delay.on_sent(message)
        return accepted

    def send_sound(self, payload: bytes, captured: float) -> None:
        """Send a packet of Opus now or never.

        Args:
            payload: the packet.
            captured: seconds on this session's clock at its first sample.
        """
        if self.state.stands:
            self._outbox.send_sound(payload, captured)

    def answer_source(self, sha256: str, still: bytes | None) -> None:
        """Take the announced photo from those kept here.

        Args:
            sha256: as announced; passed over if another one was announced since.
            still: its bytes; None where it is not here and has to be sent.

        Raises:
            ValueError: these are other bytes, or cannot be used.
        """
        self._inbox.answer_source(sha256, still)

    def send_source_ready(self, sha256: str) -> None:
        """Tell the peer that its photo can be animated; motion is taken from now on."""
        self._outbox.send(self._source.tell_ready(sha256))

    def send_recording(self, step: RecordingStep) -> None:
        """Ask whether this side may record, or answer the peer."""
        self._outbox.send(Recording(step=step))

    def request_max_fps(self, max_fps: int | None) -> None:
        """Ask the peer, with each beat, for so many frames a second at most (1 or more), or all."""
        self.statistics.max_fps = max_fps

    def request_key(self) -> None:
        """Ask the peer for motion that is told from nothing, since what it is told from is lost."""
        self._outbox.send(KeyRequest())

    def local_time(self, peer_time: float) -> float | None:
        """A time on the peer's clock as one on ours, in seconds; None while the offset is unknown.

        What the peer captured at `timestamp_ms` was captured at our
        `local_time(photo.stream_origin + timestamp_ms / 1000)`.
        """
        return self._inbox.heartbeat.clock_offset.to_local(peer_time)
