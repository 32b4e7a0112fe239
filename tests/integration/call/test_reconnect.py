"""A call that loses its network, the server or the other program, and what it does about it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from call_peer import Peer, until, within
from signaling_service import SignalingService

from confapp.call.call_handlers import CallState, EndReason, StateReason
from confapp.call.patience import Patience
from confapp.call.peer_link import LinkOptions
from confapp.call.signaling_client import create_room
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import LinkProfile
from confapp.emulation.tcp_gate import TcpGate
from signaling.settings import SignalingSettings

TESTS = Path(__file__).parents[2]
# Long enough for a busy machine, short enough for a test.
SHORT = Patience(quiet_s=1.3, lost_s=2.0, return_s=60.0, gone_s=1.0)


@pytest.fixture
async def signaling_service() -> AsyncIterator[SignalingService]:
    """A server that does not hold the seat of somebody lost for long."""
    service = SignalingService(SignalingSettings(port=0, resume_s=1.0))
    await service.start()
    yield service
    await service.stop()


class Outside:
    """Two people in a call, and every way between them and to the server."""

    def __init__(self, gate: TcpGate, room: str) -> None:
        self.gate = gate
        self.room = room
        self.ada, self.ben = Peer(), Peer()
        self.link = EmulatedLink(LinkProfile(delay_ms=5))

    async def connect(self, patience: Patience = SHORT) -> None:
        options = [LinkOptions(wrap_transport=self.link.wrap) for _ in range(2)]
        await asyncio.gather(
            self.ada.connect(self.room, patience, options[0]),
            self.ben.connect(self.room, patience, options[1]),
        )

    def cut(self) -> None:
        """The network is gone, for everything."""
        self.link.up = False
        self.gate.close()

    def mend(self) -> None:
        self.link.up = True
        self.gate.open()

    async def in_state(self, state: CallState) -> None:
        await until(lambda: {self.ada.session.state, self.ben.session.state} == {state})

    async def motion_passes(self) -> None:
        for sender, receiver in ((self.ada, self.ben), (self.ben, self.ada)):
            message = f"after {len(receiver.motion)}".encode()
            await until(lambda s=sender, m=message: s.session.send_motion(m, 1))  # type: ignore[misc]
            await until(lambda r=receiver, m=message: m in r.motion)  # type: ignore[misc]


@pytest.fixture
async def outside(signaling_service: SignalingService) -> AsyncIterator[Outside]:
    gate = TcpGate(signaling_service.url)
    await gate.start()
    outside = Outside(gate, await create_room(gate.url))
    yield outside
    await asyncio.gather(
        *(peer.close() for peer in (outside.ada, outside.ben) if hasattr(peer, "session"))
    )
    await gate.stop()


async def share_photos(outside: Outside) -> None:
    for peer in (outside.ada, outside.ben):
        peer.session.send_source(b"photo", stream_origin=1.0)
        assert await within(peer.session.wait_source_ready())


async def test_a_call_comes_back_by_itself_after_an_outage(outside: Outside) -> None:
    await outside.connect()
    await share_photos(outside)
    outside.cut()
    await outside.in_state(CallState.RECONNECTING)
    await until(lambda: outside.ada.session.reason is StateReason.OFFLINE)
    assert not outside.ada.session.send_motion(b"into the void", 1)
    outside.mend()
    await outside.in_state(CallState.LIVE)
    await outside.motion_passes()
    for peer in (outside.ada, outside.ben):
        assert len(peer.sources) == 1  # the photo was not sent again
        assert peer.session.statistics.reconnects == 1
        assert (CallState.RECONNECTING, StateReason.SILENCE) in peer.states
        assert peer.states[-1][0] is CallState.LIVE
        assert peer.ended == []
    # the certificates are the same ones, and so is their code
    assert len(outside.ada.codes) == 1
    assert outside.ada.codes == outside.ben.codes


async def test_another_program_at_the_other_end_has_another_code(
    outside: Outside, lone: asyncio.subprocess.Process
) -> None:
    ada = await outside.ada.connect(outside.room, SHORT)
    lone.kill()
    await until(lambda: ada.session.state is CallState.RECONNECTING)
    ben = await outside.ben.connect(outside.room, SHORT)
    await until(lambda: len(ada.codes) == 2 and len(ben.codes) == 1)
    assert ada.codes[0] != ada.codes[1] == ben.codes[0]


async def test_datagrams_alone_may_be_away(outside: Outside) -> None:
    await outside.connect()
    await share_photos(outside)
    outside.link.up = False
    await outside.in_state(CallState.RECONNECTING)
    outside.link.up = True
    await outside.in_state(CallState.LIVE)
    await outside.motion_passes()


async def test_a_photo_that_was_on_its_way_is_sent_again(outside: Outside) -> None:
    await outside.connect()
    outside.cut()
    outside.ada.session.send_source(b"photo", stream_origin=1.0)
    await outside.in_state(CallState.RECONNECTING)
    outside.ben.session.send_source(b"another", stream_origin=2.0)
    outside.mend()
    for peer in (outside.ada, outside.ben):
        assert await within(peer.session.wait_source_ready())
    assert [photo.still for photo in outside.ben.sources] == [b"photo"]
    assert [photo.still for photo in outside.ada.sources] == [b"another"]


async def test_a_better_photo_that_the_network_ate_is_sent_again(outside: Outside) -> None:
    await outside.connect()
    ada, ben = outside.ada.session, outside.ben.session
    ada.send_source(b"photo", stream_origin=1.0)
    assert await within(ada.wait_source_ready())
    better = bytes(range(256)) * 20
    outside.cut()
    sending = asyncio.create_task(ada.send_refresh(better, 0.0))
    await outside.in_state(CallState.RECONNECTING)
    outside.mend()
    assert await within(sending)
    ada.use_refresh(400)
    await until(lambda: outside.ben.used_from_ms == [400])
    assert outside.ben.refreshes == [better]
    assert ben.statistics.control_malformed == 0


async def test_corrections_of_the_last_source_are_said_again(outside: Outside) -> None:
    await outside.connect()
    ada = outside.ada.session
    ada.send_source(b"photo", stream_origin=1.0)
    assert await within(ada.wait_source_ready())
    ada.send_correction(b"first")
    await until(lambda: outside.ben.corrections == [b"first"])
    outside.cut()
    ada.send_correction(b"second")
    await outside.in_state(CallState.RECONNECTING)
    outside.mend()
    await until(lambda: outside.ben.corrections == [b"first", b"second"])
    outside.cut()
    await outside.in_state(CallState.RECONNECTING)
    ada.send_source(b"another", stream_origin=2.0)
    outside.mend()
    assert await within(ada.wait_source_ready())
    assert outside.ben.corrections == [b"first", b"second"]
    assert outside.ben.session.statistics.control_malformed == 0


@pytest.fixture
async def lone(outside: Outside) -> AsyncIterator[asyncio.subprocess.Process]:
    """A person in a process of their own, in a call with Ada."""
    process = await lone_peer(outside.room)
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


async def lone_peer(room: str) -> asyncio.subprocess.Process:
    paths = os.pathsep.join(str(path) for path in (TESTS, TESTS.parent))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "lone_peer.py"),
        room,
        env=os.environ | {"PYTHONPATH": paths},
        stdout=asyncio.subprocess.PIPE,
    )


async def test_a_program_that_was_killed_may_come_back(
    outside: Outside, lone: asyncio.subprocess.Process
) -> None:
    ada = await outside.ada.connect(outside.room, SHORT)
    ada.session.send_source(b"photo", stream_origin=1.0)
    await until(lambda: [photo.still for photo in ada.sources] == [b"lone"])
    ada.session.send_correction(b"places")
    lone.kill()
    await until(lambda: ada.session.state is CallState.RECONNECTING)
    ben = await outside.ben.connect(outside.room, SHORT)
    await until(lambda: ada.session.state.stands)
    await until(lambda: [photo.still for photo in ben.sources] == [b"photo"])
    await until(lambda: ben.corrections == [b"places"])
    assert not ada.session.statistics.motion_received
    ben.session.send_source(b"ben", stream_origin=3.0)
    assert await within(ben.session.wait_source_ready())
    await outside.motion_passes()
    assert ada.session.statistics.reconnects == 1


async def test_a_program_that_was_killed_and_stays_away_ends_the_call(
    outside: Outside, lone: asyncio.subprocess.Process
) -> None:
    ada = await outside.ada.connect(outside.room, SHORT)
    lone.kill()
    assert await within(ada.session.wait_ended()) is EndReason.PEER_LOST
    assert (CallState.RECONNECTING, StateReason.PEER_ABSENT) in ada.states


async def test_without_any_network_the_call_ends_and_says_so(outside: Outside) -> None:
    await outside.connect(Patience(quiet_s=1.3, lost_s=2.0, return_s=2.0, gone_s=1.0))
    outside.cut()
    ends = await within(
        asyncio.gather(outside.ada.session.wait_ended(), outside.ben.session.wait_ended())
    )
    assert ends == [EndReason.NETWORK_LOST] * 2


async def test_who_leaves_while_the_call_is_lost_is_known_to_have_left(outside: Outside) -> None:
    await outside.connect()
    outside.link.up = False
    await outside.in_state(CallState.RECONNECTING)
    await outside.ben.close()
    assert await within(outside.ada.session.wait_ended()) in (
        EndReason.PEER_LEFT,
        EndReason.PEER_LOST,
    )
