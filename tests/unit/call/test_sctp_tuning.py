"""What is sent reliably yields to sound, and what is given up is told once."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import USERDATA_MAX_LENGTH, ForwardTsnChunk, SackChunk
from OpenSSL import SSL

from confapp.call.sctp_tuning import (
    ACKNOWLEDGE_S,
    FIRST_FLIGHT,
    MOST_QUEUED_S,
    ROOM_S,
    delay_acknowledgements,
    keep_queues_short,
    skip_gaps_once,
)

MTU = USERDATA_MAX_LENGTH


@dataclass
class Sctp:
    """As much of an association as the tuning looks at."""

    _cwnd: int = 100 * MTU
    _flight_size: int = 100 * MTU
    _srtt: float | None = 0.1
    _sent_queue: list[Any] = field(default_factory=list)
    _forward_tsn_chunk: ForwardTsnChunk | None = None
    given_up: int = 0
    acknowledged: int = 0
    _sack_misordered: set[int] = field(default_factory=set)
    _sack_duplicates: list[int] = field(default_factory=list)
    _sack_needed: bool = False
    State = RTCSctpTransport.State
    _association_state: RTCSctpTransport.State = RTCSctpTransport.State.ESTABLISHED

    async def _send_sack(self) -> None:
        self.acknowledged += 1

    async def _receive_sack_chunk(self, _chunk: SackChunk) -> None:
        self._cwnd = 100 * MTU  # as large as it likes
        await self._transmit()

    async def _transmit(self) -> None:
        pass

    def _update_advanced_peer_ack_point(self) -> None:
        self._forward_tsn_chunk = ForwardTsnChunk()
        self._forward_tsn_chunk.cumulative_tsn = self.given_up

    async def acknowledge(self, took_s: float) -> int:
        """A packet is acknowledged after so long; the window then."""
        sent = SimpleNamespace(tsn=1, _sent_count=1, _sent_time=time.time() - took_s)
        self._sent_queue = [sent]
        chunk = SackChunk()
        chunk.cumulative_tsn = 1
        await self._receive_sack_chunk(chunk)
        return self._cwnd


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock that the tuning reads, moved by hand."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(time, "time", lambda: clock.now)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


async def test_the_window_grows_where_there_is_no_queue_and_shrinks_where_there_is() -> None:
    sctp = Sctp()
    keep_queues_short(cast(RTCSctpTransport, sctp))
    await sctp._transmit()
    assert sctp._cwnd == FIRST_FLIGHT
    for step in range(1, 5):
        assert await sctp.acknowledge(0.5) == FIRST_FLIGHT + step * MTU  # a long way is no queue
    assert await sctp.acknowledge(0.5 + 1.1 * MOST_QUEUED_S) == 5 * MTU // 2
    for _ in range(5):
        window = await sctp.acknowledge(0.5 + 1.1 * MOST_QUEUED_S)
    assert window == MTU


async def test_a_window_that_makes_a_queue_already_does_not_grow() -> None:
    sctp = Sctp()
    keep_queues_short(cast(RTCSctpTransport, sctp))
    assert await sctp.acknowledge(0.5) == FIRST_FLIGHT + MTU
    assert await sctp.acknowledge(0.5 + 1.1 * ROOM_S) == FIRST_FLIGHT + MTU
    assert await sctp.acknowledge(0.5 + 0.9 * ROOM_S) == FIRST_FLIGHT + 2 * MTU


async def test_a_window_that_is_not_used_does_not_grow() -> None:
    sctp = Sctp(_flight_size=MTU // 2)
    keep_queues_short(cast(RTCSctpTransport, sctp))
    assert await sctp.acknowledge(0.1) == FIRST_FLIGHT


async def test_a_timer_that_rings_after_the_connection_is_no_fault() -> None:
    sctp, rang = Sctp(), 0

    async def transmit() -> None:
        nonlocal rang
        rang += 1
        raise SSL.Error([("SSL routines", "", "protocol is shutdown")])

    sctp._transmit = transmit  # type: ignore[method-assign]
    keep_queues_short(cast(RTCSctpTransport, sctp))
    await sctp._transmit()
    assert rang == 1


def test_a_gap_is_told_again_only_after_a_round_trip(stopped_clock: SimpleNamespace) -> None:
    sctp = Sctp(given_up=7)
    skip_gaps_once(cast(RTCSctpTransport, sctp))
    told = []
    for _ in range(3):
        sctp._update_advanced_peer_ack_point()
        told.append(sctp._forward_tsn_chunk is not None)
    sctp.given_up = 8
    sctp._update_advanced_peer_ack_point()
    told.append(sctp._forward_tsn_chunk is not None)
    stopped_clock.now += 0.1 + 1.1 * ACKNOWLEDGE_S
    sctp._update_advanced_peer_ack_point()
    told.append(sctp._forward_tsn_chunk is not None)
    assert told == [True, False, False, True, True]


async def test_the_end_of_a_connection_leaves_no_acknowledgement_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sctp, timers = Sctp(), list[Callable[[], None]]()

    def call_later(_seconds: float, ring: Callable[[], None]) -> SimpleNamespace:
        timers.append(ring)
        return SimpleNamespace(cancel=lambda: None)

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
    delay_acknowledgements(cast(RTCSctpTransport, sctp))
    await sctp._send_sack()
    sctp._association_state = Sctp.State.CLOSED
    before = asyncio.all_tasks()
    timers.pop()()
    assert asyncio.all_tasks() == before
    sctp._association_state = Sctp.State.ESTABLISHED
    await sctp._send_sack()  # the second packet
    assert (sctp.acknowledged, timers) == (1, [])
    await sctp._send_sack()
    timers.pop()()
    await asyncio.sleep(0)
    assert sctp.acknowledged == 2
