"""What comes from the peer: read, counted, and passed on. Nothing in here may raise."""

from collections.abc import Callable

from . import control_message
from .call_handlers import CallHandlers, call_handler
from .control_message import (
    Beat,
    Bye,
    ControlMessage,
    Correction,
    KeyRequest,
    Recording,
    RefreshAnnounce,
    RefreshReady,
    RefreshUse,
    SoundClock,
    SourceAnnounce,
    SourceReady,
    SourceRequest,
)
from .heartbeat import Heartbeat
from .hello import Hello
from .link_health import LinkHealth
from .sound_packet import SoundPacket
from .source_exchange import SourceExchange
from .source_refresh import SourceRefresh
from .statistics import CallStatistics

MAX_MOTION_BYTES = 1100  # with every header still one datagram on any path


class Inbox:
    """Takes the messages of one link after the other.

    Args:
        heartbeat, health, source, refresh, statistics: of the session.
        handlers: whom to tell.
        clock: seconds on the session's clock.
        send: sends a control message, or a still.
        on_hello, on_bye: told of the first and the last message of a peer.
        answer: sends a beat.

    Attributes:
        heartbeat: replaced when another program has come to the other end.
        greeted: both hellos of the link at hand are there; nothing else is taken before.
        closed: this side has left; what was still on its way is dropped.
    """

    def __init__(
        self,
        *,
        heartbeat: Heartbeat,
        health: LinkHealth,
        source: SourceExchange,
        refresh: SourceRefresh,
        statistics: CallStatistics,
        handlers: CallHandlers,
        clock: Callable[[], float],
        send: Callable[[ControlMessage | bytes], bool],
        on_hello: Callable[[Hello], None],
        on_bye: Callable[[], None],
        answer: Callable[[], None],
    ) -> None:
        self.heartbeat = heartbeat
        self.greeted = False
        self.closed = False
        self._health = health
        self._source = source
        self._refresh = refresh
        self._statistics = statistics
        self._handlers = handlers
        self._clock = clock
        self._send = send
        self._on_hello = on_hello
        self._on_bye = on_bye
        self._answer = answer
        self._answered: Heartbeat | None = None  # whose first beat was

    def on_motion(self, message: str | bytes) -> None:
        """Take a message of the motion channel."""
        if self.closed:
            return
        arrival = self._clock()
        self._health.on_motion(arrival)
        if not isinstance(message, bytes) or not 1 <= len(message) <= MAX_MOTION_BYTES:
            self._statistics.motion_malformed += 1
        elif not self._source.takes_motion:
            self._statistics.motion_early += 1
        elif call_handler(self._handlers.on_motion, message, arrival):
            self._statistics.motion_received += 1
            self._statistics.message_bytes_received += len(message)
        else:
            self._statistics.motion_malformed += 1

    def on_sound(self, packet: SoundPacket) -> None:
        """Take a packet of sound."""
        self.heartbeat.heard()
        if self.greeted and not self.closed:
            self._statistics.sound_received += 1
            call_handler(self._handlers.on_sound, packet)

    def on_control(self, message: str | bytes) -> None:
        """Take a message of the control channel."""
        try:
            if isinstance(message, bytes):
                self._take_binary(message)
            else:
                self._take(control_message.decode(message))
        except ValueError:
            self._statistics.control_malformed += 1

    def _take(self, message: ControlMessage) -> None:
        """Raises: ValueError: a message that has no place here."""
        if isinstance(message, Bye):
            self._on_bye()
        elif isinstance(message, Hello):
            if self.greeted:
                raise ValueError("a second hello")
            self._on_hello(message)
        elif self.closed:
            return
        elif not self.greeted:
            raise ValueError("a message before the hello")
        elif isinstance(message, Beat):
            self._take_beat(message)
        elif isinstance(message, SourceAnnounce | SourceRequest | SourceReady):
            self._take_source(message)
        elif isinstance(message, SoundClock):
            call_handler(self._handlers.on_sound_clock, message.timestamp, message.captured)
        elif isinstance(message, KeyRequest):
            call_handler(self._handlers.on_key_request)
        elif isinstance(message, Recording):
            call_handler(self._handlers.on_recording, message.step)
        else:
            self._take_refresh(message)

    def _take_source(self, message: SourceAnnounce | SourceRequest | SourceReady) -> None:
        if isinstance(message, SourceAnnounce):
            self._refresh.on_source()
            self._source.on_announce(message)
            call_handler(self._handlers.on_source_announced, message.sha256)
        elif isinstance(message, SourceRequest):
            self._send(self._source.on_request(message))
        else:
            self._source.on_ready(message)

    def _take_refresh(
        self, message: RefreshAnnounce | RefreshReady | RefreshUse | Correction
    ) -> None:
        if isinstance(message, RefreshAnnounce):
            self._refresh.on_announce(message)
        elif isinstance(message, RefreshReady):
            self._refresh.on_ready(message)
        elif isinstance(message, Correction):
            if not call_handler(self._handlers.on_correction, message.code):
                raise ValueError("a correction that cannot be used")
        else:
            self._refresh.on_use(message)
            call_handler(self._handlers.on_refresh_use, message.timestamp_ms)

    def _take_beat(self, beat: Beat) -> None:
        self.heartbeat.on_beat(beat)
        offset = self.heartbeat.clock_offset
        sent = offset.to_local(beat.sent)
        now = self._clock()
        self._health.on_beat(
            beat.motion_sent, now if sent is None else sent + (offset.rtt_s or 0.0) / 2
        )
        self._statistics.motion_loss = self._health.loss
        self._statistics.motion_loss_there = beat.motion_loss
        self._statistics.max_fps_there = beat.max_fps
        self._statistics.rtt_s = offset.rtt_s
        self._statistics.clock_offset_s = offset.offset_s
        # Who asks first knows nothing yet of the distance: answer at once. Later on, an answer out
        # of turn would leave the next beat without an echo, and both sides would answer for ever.
        if beat.echo is None and self._answered is not self.heartbeat:
            self._answered = self.heartbeat
            self._answer()

    def _take_binary(self, message: bytes) -> None:
        if self.closed:
            return
        if not self.greeted:
            raise ValueError("a still before the hello")
        if not self._refresh.awaits_piece:
            self._use_still(message, kept=False)
        elif (still := self._refresh.on_piece(message)) is not None:
            call_handler(self._handlers.on_refresh, still)

    def answer_source(self, sha256: str, still: bytes | None) -> None:
        """As `CallSession.answer_source`."""
        if self.closed or not self._source.awaits(sha256):
            return  # another photo has been announced since
        if still is None:
            self._send(SourceRequest(sha256=sha256))
        else:
            self._use_still(still, kept=True)

    def _use_still(self, still: bytes, *, kept: bool) -> None:
        photo = self._source.on_still(still, kept=kept)
        if isinstance(photo, SourceReady):
            self._send(photo)
        elif not call_handler(self._handlers.on_source, photo):
            raise ValueError("a still that cannot be used")
