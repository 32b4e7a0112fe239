"""What goes to the peer: over the link at hand, now or never."""

import asyncio
import contextlib
from collections.abc import Callable

from . import control_message
from .control_message import Bye, ControlMessage, SoundClock
from .inbox import MAX_MOTION_BYTES
from .peer_link import PeerLink
from .statistics import CallStatistics


class Outbox:
    """Sends over whichever link there is.

    Args:
        link: gives the link at hand, if any.
        statistics: of the session.

    Attributes:
        peer_gone: the peer has said goodbye, or its connection is closed.
    """

    def __init__(self, link: Callable[[], PeerLink | None], statistics: CallStatistics) -> None:
        self.peer_gone = asyncio.Event()
        self._link = link
        self._statistics = statistics

    def send(self, message: ControlMessage | bytes) -> bool:
        """Send a control message or a still, reliably as long as the link lasts."""
        link = self._link()
        data = message if isinstance(message, bytes) else control_message.encode(message)
        return link is not None and link.send_control(data)

    @property
    def control_backlog(self) -> int:
        """Bytes of what was sent reliably and is not known to be there yet."""
        link = self._link()
        return link.control_backlog if link is not None else 0

    def send_motion(self, message: bytes, payload_bytes: int) -> bool:
        """As `CallSession.send_motion`, which says whether the call stands."""
        if not 1 <= len(message) <= MAX_MOTION_BYTES:
            raise ValueError(f"a motion message takes 1 to {MAX_MOTION_BYTES} bytes")
        link = self._link()
        if link is None or not link.send_motion(message):
            self._statistics.motion_refused += 1
            return False
        self._statistics.motion_sent += 1
        self._statistics.message_bytes_sent += len(message)
        self._statistics.payload_bytes_sent += payload_bytes
        return True

    def send_sound(self, payload: bytes, captured: float) -> None:
        """As `CallSession.send_sound`."""
        link = self._link()
        if link is not None:
            link.send_sound(payload, captured)
            self._statistics.sound_sent += 1
            self._statistics.sound_bytes_sent += len(payload)

    def tell_sound_clock(self) -> None:
        """Say when the sound of this link was captured, as soon as that is known."""
        link = self._link()
        clock = link.take_sound_clock() if link is not None else None
        if clock is not None:
            self.send(SoundClock(timestamp=clock[0], captured=clock[1]))

    async def say_goodbye(self, reason: str, patience_s: float) -> None:
        """Closing right away would overtake the message, so wait for the peer to be gone."""
        if not self.peer_gone.is_set() and self.send(Bye(reason=reason)):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.peer_gone.wait(), patience_s)
