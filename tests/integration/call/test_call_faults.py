"""What a hostile or broken network may do to a call: be counted, and no more."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aioice.ice import StunProtocol
from aiortc.rtcsctptransport import Chunk, DataChunk, RTCSctpTransport
from call_peer import HELLO, Peer, call, until, within
from signaling_service import SignalingService

from confapp.call.call_handlers import CallHandlers, CallState, EndReason, StateReason
from confapp.call.call_session import MAX_MOTION_BYTES, CallSession
from confapp.call.control_message import SourceAnnounce, SourceReady, content_hash, encode
from confapp.call.patience import Patience
from confapp.call.peer_link import LinkOptions, PeerLink
from confapp.call.signaling_client import SignalingClient, create_room
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import LinkProfile
from confapp.errors import ConfappError
from signaling.messages import Description

# Long enough for a busy machine, short enough for a test.
SHORT = Patience(quiet_s=1.5, lost_s=2.5, return_s=3.0, gone_s=1.0)
WEBRTC_STRING = 51  # RFC 8831 section 8


class Call:
    """Two sessions in a live call."""

    def __init__(self, ada: CallSession, ben: CallSession) -> None:
        self.ada = ada
        self.ben = ben

    @property
    def adas_link(self) -> PeerLink:
        return link_of(self.ada)

    async def still_works(self) -> None:
        """Ada can still have her photo made ready by Ben."""
        self.ada.send_source(b"photo", stream_origin=0.0)
        assert await within(self.ada.wait_source_ready())


def link_of(session: CallSession) -> PeerLink:
    link = session._negotiation.link
    assert link is not None
    return link


def sockets_of(session: CallSession) -> list[StunProtocol]:
    protocols: list[StunProtocol] = link_of(
        session
    )._sctp.transport.transport._connection._protocols
    return protocols


@pytest.fixture
async def live(signaling_service: SignalingService) -> AsyncIterator[Call]:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    yield Call(ada.session, ben.session)
    await asyncio.gather(ada.close(), ben.close())


async def test_malformed_control_messages_are_counted_and_dropped(live: Call) -> None:
    announce = SourceAnnounce(sha256=content_hash(b"a"), size=1, stream_origin=0.0)
    messages: list[str | bytes] = [
        "",
        "noise",
        '{"type": "beat", "sent": "soon"}',
        '{"type": "beat", "sent": 1, "echo": {"sent": 2, "received": 3}}',  # never sent
        encode(HELLO),  # a second time
        encode(SourceReady(sha256=content_hash(b"never sent"))),
        b"a still that nobody announced",
    ]
    for message in messages:
        assert live.adas_link.send_control(message)
    live.adas_link.send_control(encode(announce))
    live.adas_link.send_control(b"another still than announced")
    await until(lambda: live.ben.statistics.control_malformed == len(messages) + 1)
    await live.still_works()


async def test_malformed_motion_messages_are_counted_and_dropped(live: Call) -> None:
    motion = live.adas_link._motion
    for message in ("text", "", b"", bytes(MAX_MOTION_BYTES + 1)):
        motion.send(message)
    await until(lambda: live.ben.statistics.motion_malformed == 4)
    await live.still_works()


async def test_what_sctp_cannot_read_does_not_end_the_call(live: Call) -> None:
    control, sctp = live.adas_link._control, live.adas_link._sctp
    control._addBufferedAmount(2)
    sctp._data_channel_queue.append((control, WEBRTC_STRING, b"\xff\xfe"))  # not UTF-8
    await sctp._data_channel_flush()
    await until(lambda: live.ben.statistics.control_malformed == 1)
    await live.still_works()


async def test_datagrams_from_a_stranger_do_not_end_the_call(live: Call) -> None:
    address = sockets_of(live.ben)[0].transport.get_extra_info("sockname")
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    garbage = [b"", b"\x00", b"\x16", bytes(100), b"\x16\xfe\xfd" + bytes(50), b"\x80" * 40]
    before = live.ben.statistics.wire_datagrams_received
    with socket.socket(family, socket.SOCK_DGRAM) as stranger:
        for datagram in garbage:
            stranger.sendto(datagram, address)
    await until(lambda: live.ben.statistics.wire_datagrams_received >= before + len(garbage))
    await live.still_works()


async def test_silence_ends_the_call_when_no_other_link_is_found(
    signaling_service: SignalingService,
) -> None:
    link = EmulatedLink(LinkProfile())
    options = LinkOptions(wrap_transport=link.wrap)
    ada, ben = Peer(), Peer()
    room = await create_room(signaling_service.url)
    await asyncio.gather(*(peer.connect(room, SHORT, options) for peer in (ada, ben)))
    link.up = False
    ends = await within(asyncio.gather(*(peer.session.wait_ended() for peer in (ada, ben))))
    # whoever gave up first has left the room before the other one did
    assert set(ends) <= {EndReason.CONNECTION_FAILED, EndReason.PEER_LOST}
    for peer in (ada, ben):
        assert (CallState.DEGRADED, StateReason.QUIET) in peer.states
        assert (CallState.RECONNECTING, StateReason.SILENCE) in peer.states
        assert peer.ended == [await within(peer.session.wait_ended())]


async def test_a_session_that_is_cancelled_still_says_goodbye(live: Call) -> None:
    assert live.ada._running is not None
    live.ada._running.cancel()
    assert await within(live.ben.wait_ended()) is EndReason.PEER_LEFT
    await until(lambda: live.ada.state is CallState.ENDED)
    await asyncio.wait({live.ada._running})
    live.ada._running = asyncio.create_task(asyncio.sleep(0))  # the fixture closes it again


async def test_a_peer_that_never_answers_runs_into_the_deadline(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    async with await SignalingClient.join(room) as silent:
        with pytest.raises(ConfappError) as failed:
            await within(CallSession.connect(room, HELLO, patience=Patience(connect_s=0.2)))
        assert not silent.welcome.peer_present
    assert failed.value.error_id == "peer-silent"


@pytest.mark.parametrize("sdp", ["", "v=0", "m=application x", "a=candidate:\r\nv=0\r\n"])
async def test_descriptions_that_cannot_be_used_run_into_the_deadline(
    signaling_service: SignalingService, sdp: str
) -> None:
    room = await create_room(signaling_service.url)
    async with await SignalingClient.join(room) as hostile:
        connecting = asyncio.create_task(
            CallSession.connect(room, HELLO, patience=Patience(connect_s=0.5))
        )
        await within(anext(hostile.events()))
        await hostile.send_description("answer", sdp)
        await hostile.send_description("offer", sdp)
        with pytest.raises(ConfappError) as failed:
            await within(connecting)
    assert failed.value.error_id == "connection-failed"


async def test_who_gives_up_waiting_leaves_the_room(signaling_service: SignalingService) -> None:
    room = await create_room(signaling_service.url)
    waiting = asyncio.Event()
    connecting = asyncio.create_task(
        CallSession.connect(room, HELLO, CallHandlers(on_waiting=waiting.set))
    )
    await within(waiting.wait())
    connecting.cancel()
    await asyncio.wait({connecting})
    assert connecting.cancelled()
    async with await SignalingClient.join(room) as next_one:
        assert not next_one.welcome.peer_present


async def test_who_leaves_after_long_trying_has_found_no_way(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    connecting = asyncio.create_task(
        CallSession.connect(room, HELLO, patience=Patience(give_up_s=0.0))
    )
    async with await SignalingClient.join(room) as visitor:
        events = visitor.events()
        while not isinstance(await within(anext(events)), Description):
            pass
        await visitor.send_description("offer", "v=0")
    with pytest.raises(ConfappError) as failed:
        await within(connecting)
    assert failed.value.error_id == "connection-failed"


async def test_both_sides_hear_of_a_mismatch_even_when_a_hello_is_lost(
    signaling_service: SignalingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Chunk] = []
    send_chunk = RTCSctpTransport._send_chunk

    async def lose_the_first_data(self: RTCSctpTransport, chunk: Chunk) -> None:
        if isinstance(chunk, DataChunk) and not lost:
            lost.append(chunk)
        else:
            await send_chunk(self, chunk)

    monkeypatch.setattr(RTCSctpTransport, "_send_chunk", lose_the_first_data)
    room = await create_room(signaling_service.url)
    other = HELLO.model_copy(update={"model_fingerprint": "bbbb"})
    results = await within(
        asyncio.gather(
            CallSession.connect(room, HELLO),
            CallSession.connect(room, other),
            return_exceptions=True,
        )
    )
    assert len(lost) == 1
    assert [getattr(result, "error_id", result) for result in results] == ["model-mismatch"] * 2
