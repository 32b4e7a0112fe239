"""What aiortc's SCTP knows and does not tell, and what it sends sooner than a poor link takes."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import USERDATA_MAX_LENGTH, SackChunk
from aiortc.utils import uint32_gte
from OpenSSL import SSL

ACKNOWLEDGE_EVERY = 2  # packets
ACKNOWLEDGE_S = 0.2
MOST_QUEUED_S = 0.4  # of what is sent reliably, late acknowledgements counted
ROOM_S = 0.1  # a window that makes no longer a queue may grow
FIRST_FLIGHT = USERDATA_MAX_LENGTH  # two are more than half a second at 32 kbit/s


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
        with contextlib.suppress(ConnectionError):
            await send_now()

    def on_timer() -> None:
        nonlocal timer
        timer = None
        if sctp._association_state is not sctp.State.ESTABLISHED:
            return  # closed meanwhile, and the event loop may be closing as well
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


def keep_queues_short(sctp: RTCSctpTransport) -> None:
    """Send a photo no faster than the link takes it beside sound (as LEDBAT does, RFC 6817).

    aiortc's window grows until packets are lost, and on a narrow link those lost are of sound. Here
    it also shrinks when packets take much longer than the quickest did.
    """
    receive, transmit = sctp._receive_sack_chunk, sctp._transmit
    flight, quickest_s = FIRST_FLIGHT, float("inf")

    async def receive_sack_chunk(chunk: SackChunk) -> None:
        nonlocal flight, quickest_s
        sent_at = [
            sent._sent_time
            for sent in sctp._sent_queue
            if sent._sent_count == 1
            and sent._sent_time is not None
            and uint32_gte(chunk.cumulative_tsn, sent.tsn)
        ]
        if sent_at:
            took_s = time.time() - sent_at[-1]
            quickest_s = min(quickest_s, took_s)
            if took_s - quickest_s > MOST_QUEUED_S:
                flight = max(flight // 2, USERDATA_MAX_LENGTH)
            elif took_s - quickest_s < ROOM_S and sctp._flight_size >= flight:
                flight += USERDATA_MAX_LENGTH
        await receive(chunk)

    async def transmit_within() -> None:
        sctp._cwnd = min(sctp._cwnd, flight)
        with contextlib.suppress(SSL.Error):  # its timer may ring once more after the connection
            await transmit()

    sctp._receive_sack_chunk = receive_sack_chunk  # type: ignore[method-assign]
    sctp._transmit = transmit_within  # type: ignore[method-assign]


def skip_gaps_once(sctp: RTCSctpTransport) -> None:
    """Tell the peer of a message that is given up, and again only after a round trip.

    aiortc says so anew with every acknowledgement that is still on its way back (RFC 3758, section
    3.5), which at a loss of a tenth sends more of these than of motion.
    """
    update = sctp._update_advanced_peer_ack_point
    told, told_at = -1, float("-inf")

    def update_advanced_peer_ack_point() -> None:
        nonlocal told, told_at
        update()
        gap, now = sctp._forward_tsn_chunk, time.monotonic()
        if gap is None:
            return
        if gap.cumulative_tsn == told and now - told_at < (sctp._srtt or 0.0) + ACKNOWLEDGE_S:
            sctp._forward_tsn_chunk = None
        else:
            told, told_at = gap.cumulative_tsn, now

    sctp._update_advanced_peer_ack_point = update_advanced_peer_ack_point  # type: ignore[method-assign]
