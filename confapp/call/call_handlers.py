"""What a session tells the program around it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ParamSpec

from confapp.errors import ConfappError

from .control_message import RecordingStep
from .sound_packet import SoundPacket
from .source_exchange import SourcePhoto

if TYPE_CHECKING:
    from .call_session import CallSession

logger = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")


class CallState(StrEnum):
    """Where a session is in its life."""

    CONNECTING = "connecting"
    LIVE = "live"
    DEGRADED = "degraded"  # it goes on, but badly
    RECONNECTING = "reconnecting"  # nothing goes through; a new connection is being made
    ENDED = "ended"

    @property
    def stands(self) -> bool:
        """Sound and motion go through."""
        return self in (CallState.LIVE, CallState.DEGRADED)


class StateReason(StrEnum):
    """Why a call is degraded or reconnecting."""

    NONE = ""  # live
    QUIET = "quiet"  # degraded: nothing was heard of the peer for a moment
    LOSS = "loss"  # degraded: much of what the peer sends is lost
    SLOW = "slow"  # degraded: the way to the peer and back takes long
    SILENCE = "silence"  # reconnecting: nothing was heard of the peer for too long
    BROKEN = "broken"  # reconnecting: the connection closed without a goodbye
    PEER_ABSENT = "peer-absent"  # reconnecting: the peer is not in the room any more
    OFFLINE = "offline"  # reconnecting: the signaling server cannot be reached either


class EndReason(StrEnum):
    """Why a session ended."""

    PEER_LEFT = "peer-left"  # the peer said goodbye or closed the connection
    PEER_LOST = "peer-lost"  # nothing was heard of the peer for too long
    CONNECTION_FAILED = "connection-failed"  # the network between the two gave way
    NETWORK_LOST = "network-lost"  # this side reaches neither the peer nor the signaling server
    CLOSED = "closed"  # this side closed it


@dataclass(frozen=True, slots=True)
class CallHandlers:
    """What a session calls when something happens; on the event loop, so none may take long.

    An exception never ends the session. A ConfappError of `on_motion`, `on_source` or
    `on_correction` counts the message as malformed; anything else is logged as the fault in this
    program that it is.

    Attributes:
        on_lobby: the host has to let this side in.
        on_knock: somebody is in the lobby of which this side is the host; say whether to let them
            in, as soon as somebody decided. Without it they wait.
        on_waiting: nobody else is in the room (yet, or any more).
        on_live: the call stands; before everything below, and before `connect` returns.
        on_state: the state or its reason changed since then, before the end.
        on_safety_code: the words that both people should see alike; again when they change.
        on_motion: a motion message, and its arrival in seconds on the session's clock.
        on_sound: a packet of the peer's sound.
        on_sound_clock: an RTP timestamp of the peer's sound, and when its sample was captured, in
            seconds on the peer's clock; anew for each connection.
        on_delivered: a motion message of this side has arrived at the peer.
        on_key_request: the peer misses what this side's motion is told from.
        on_source_announced: the hash of the photo that the peer will send; where this side's hello
            says that it keeps photos, answer with `CallSession.answer_source`.
        on_source: the peer's photo; answer with `CallSession.send_source_ready`.
        on_refresh: a better photo of the peer, while motion goes on; answer with
            `CallSession.send_refresh_ready`.
        on_refresh_use: timestamp in ms of the first frame that is to be seen with the photo that
            was answered last; may be said again.
        on_correction: where pictures of the peer's last photo show things beside their place.
        on_recording: the peer asks whether it may record, or answers.
        on_ended: once, after everything is closed.
    """

    on_lobby: Callable[[], None] | None = None
    on_knock: Callable[[], Awaitable[bool]] | None = None
    on_waiting: Callable[[], None] | None = None
    on_live: "Callable[[CallSession], None] | None" = None
    on_state: Callable[[CallState, StateReason], None] | None = None
    on_safety_code: Callable[[str], None] | None = None
    on_motion: Callable[[bytes, float], None] | None = None
    on_sound: Callable[[SoundPacket], None] | None = None
    on_sound_clock: Callable[[int, float], None] | None = None
    on_delivered: Callable[[bytes], None] | None = None
    on_key_request: Callable[[], None] | None = None
    on_source_announced: Callable[[str], None] | None = None
    on_source: Callable[[SourcePhoto], None] | None = None
    on_refresh: Callable[[bytes], None] | None = None
    on_refresh_use: Callable[[int], None] | None = None
    on_correction: Callable[[bytes], None] | None = None
    on_recording: Callable[[RecordingStep], None] | None = None
    on_ended: Callable[[EndReason], None] | None = None


def call_handler(
    handler: Callable[Arguments, None] | None, *args: Arguments.args, **kwargs: Arguments.kwargs
) -> bool:
    """Call a handler, if there is one; False when it says that what it was given is malformed."""
    try:
        if handler is not None:
            handler(*args, **kwargs)
    except ConfappError:
        return False
    except Exception:
        logger.exception("a handler of the call failed")
    return True
