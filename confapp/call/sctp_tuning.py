"""What aiortc's SCTP knows and does not tell, and what it sends more often than it must."""

import asyncio
import contextlib
from collections.abc import Callable

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import SackChunk
from aiortc.utils import uint32_gte

ACKNOWLEDGE_EVERY = 2  # packets
ACKNOWLEDGE_S = 0.2


def follow_deliveries(
    sctp: RTCSctpTransport, channel_id: int, on_delivered: Callable[[bytes], None]
) -> None:
    """Tell of each message of a channel that the peer has acknowledged.

    SCTP's own acknowledgements go anyway, so knowing what arrived costs nothing on the wire. A
    message is one chunk, as all are that fit into a datagram.

    Args:
        on_delivered: called with the message, on the event loop; must not raise.
    """
    receive = sctp._receive_sack_chunk

    async def receive_sack_chunk(chunk: SackChunk) -> None:
        waiting = [
            sent
            for sent in sctp._sent_queue
            if sent.stream_id == channel_id and not (sent._acked or sent._abandoned)
        ]
        await receive(chunk)
        for sent in waiting:
            if sent._acked or uint32_gte(chunk.cumulative_tsn, sent.tsn):
                on_delivered(sent.user_data)

    sctp._receive_sack_chunk = receive_sack_chunk  # type: ignore[method-assign]


def delay_acknowledgements(sctp: RTCSctpTransport) -> None:
    """Acknowledge every second packet, or after 200 ms (RFC 9260, section 6.2).

    aiortc acknowledges each one, and an acknowledgement weighs as much as a message of motion.
    Whatever tells of a loss still goes at once.
    """
    send = sctp._send_sack
    unacknowledged = 0
    timer: asyncio.TimerHandle | None = None
    sending: set[asyncio.Task[None]] = set()

    async def send_now() -> None:
        nonlocal unacknowledged, timer
        unacknowledged = 0
        if timer is not None:
            timer.cancel()
            timer = None
        await send()

    async def send_late() -> None:
        if sctp._association_state is sctp.State.ESTABLISHED:
            with contextlib.suppress(ConnectionError):
                await send_now()

    def on_timer() -> None:
        task = asyncio.ensure_future(send_late())
        sending.add(task)
        task.add_done_callback(sending.discard)

    async def send_sack() -> None:
        nonlocal unacknowledged, timer
        unacknowledged += 1
        urgent = sctp._sack_misordered or sctp._sack_duplicates
        if urgent or unacknowledged >= ACKNOWLEDGE_EVERY:
            await send_now()
            return
        sctp._sack_needed = False
        if timer is None:
            timer = asyncio.get_running_loop().call_later(ACKNOWLEDGE_S, on_timer)

    sctp._send_sack = send_sack  # type: ignore[method-assign]
