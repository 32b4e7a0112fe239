"""Two sessions over real WebRTC on this machine, with a real signaling server between them."""

import asyncio
import logging
from asyncio.selector_events import _SelectorDatagramTransport  # type: ignore[attr-defined]
from typing import Any

import pytest
from call_peer import HELLO, Peer, call, until, within
from signaling_service import SignalingService

from confapp.call.call_handlers import CallState, EndReason
from confapp.call.call_session import MAX_MOTION_BYTES
from confapp.call.control_message import MAX_STILL_BYTES
from confapp.call.signaling_client import SignalingClient, create_room
from confapp.call.source_exchange import SourcePhoto
from confapp.call.wire_meter import datagram_bytes
from confapp.errors import ConfappError


async def test_motion_goes_both_ways(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    assert ada.session.state is CallState.LIVE
    assert ada.session.peer.model_copy(update={"session": ""}) == HELLO
    assert ada.session.can_send
    assert ada.session.can_receive
    for sender, receiver in ((ada, ben), (ben, ada)):
        sender.session.send_source(b"photo", stream_origin=1.0)
        assert await within(sender.session.wait_source_ready())
        for number in range(20):
            message = bytes([number]) * 30
            assert sender.session.send_motion(message, payload_bytes=24)
            await until(lambda m=message, r=receiver: m in r.motion)  # type: ignore[misc]
        assert receiver.arrivals == sorted(receiver.arrivals)
    await until(lambda: all(side.session.statistics.rtt_s is not None for side in (ada, ben)))
    await ada.close()
    await ben.close()
    for side in (ada, ben):
        counted = side.session.statistics
        assert (counted.motion_sent, counted.motion_received) == (20, 20)
        assert (counted.message_bytes_sent, counted.message_bytes_received) == (600, 600)
        assert counted.payload_bytes_sent == 480
        assert counted.motion_malformed == counted.control_malformed == 0


async def test_each_side_hears_how_many_frames_the_other_wants(
    signaling_service: SignalingService,
) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    assert ada.session.max_fps is None
    for wanted in (8, 15, None):
        ben.session.request_max_fps(wanted)
        await until(lambda w=wanted: ada.session.max_fps == w)  # type: ignore[misc]
    assert ben.session.max_fps is None
    await ada.close()
    await ben.close()
    assert ada.session.statistics.control_malformed == 0


@pytest.mark.parametrize("size", [1, 12_000, MAX_STILL_BYTES])
async def test_the_source_photo_arrives_to_the_bit(
    signaling_service: SignalingService, size: int
) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    still = bytes(number * number % 251 for number in range(size))
    sha256 = ada.session.send_source(still, stream_origin=123.25)
    assert await within(ada.session.wait_source_ready())
    assert ben.sources == [SourcePhoto(still, sha256, 123.25)]
    await ada.close()
    await ben.close()


async def test_a_peers_time_becomes_ours(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    await until(lambda: ben.session.statistics.rtt_s is not None)
    assert ben.session.statistics.clock_offset_s == pytest.approx(0.0, abs=1.0)  # the same clock
    moved = ben.session.local_time(5000.0)
    assert moved == pytest.approx(5000.0, abs=1.0)
    await ada.close()
    await ben.close()


async def test_motion_before_the_source_is_ready_is_dropped(
    signaling_service: SignalingService,
) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    assert ada.session.send_motion(b"early", payload_bytes=5)
    await until(lambda: ben.session.statistics.motion_early == 1)
    ada.session.send_source(b"photo", stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())
    assert ada.session.send_motion(b"in time", payload_bytes=7)
    await until(lambda: ben.motion == [b"in time"])
    assert ben.session.statistics.motion_malformed == 0
    await ada.close()
    await ben.close()


async def test_motion_is_refused_while_some_still_waits(
    signaling_service: SignalingService,
) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    assert ada.session.send_motion(b"first", payload_bytes=5)
    assert not ada.session.send_motion(b"second", payload_bytes=6)  # nothing has run in between
    assert ada.session.statistics.motion_sent == 1
    assert ada.session.statistics.motion_refused == 1
    assert ada.session.statistics.payload_bytes_sent == 5
    with pytest.raises(ValueError, match="1 to"):
        ada.session.send_motion(bytes(MAX_MOTION_BYTES + 1), payload_bytes=0)
    await ada.close()
    assert not ada.session.send_motion(b"too late", payload_bytes=8)
    await ben.close()


async def test_who_leaves_ends_the_call_of_the_other(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    room = await call(signaling_service, ada, ben)
    assert await within(leave(ada)) is EndReason.CLOSED
    assert await within(ben.session.wait_ended()) is EndReason.PEER_LEFT
    assert (ada.ended, ben.ended) == ([EndReason.CLOSED], [EndReason.PEER_LEFT])
    assert ben.session.state is CallState.ENDED
    await ben.close()  # changes nothing
    assert await within(ben.session.wait_ended()) is EndReason.PEER_LEFT
    assert not await within(ada_waits_in_vain(ada))
    again = Peer(), Peer()  # the room is free for another call
    await asyncio.gather(*(peer.connect(room) for peer in again))
    await asyncio.gather(*(peer.close() for peer in again))


async def leave(peer: Peer) -> EndReason:
    async with peer.session:
        pass
    return await peer.session.wait_ended()


async def ada_waits_in_vain(ada: Peer) -> bool:
    ada.session.send_source(b"photo", stream_origin=0.0)
    return await ada.session.wait_source_ready()


async def test_a_wrong_room_and_a_third_person(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    room = await call(signaling_service, ada, ben)
    wrong_room = room.replace("/r/", "/r/x")
    for link, error_id in (
        (room, "room-full"),
        (room[:-2], "invitation-invalid"),
        (wrong_room, "room-not-found"),
    ):
        with pytest.raises(ConfappError) as refused:
            await Peer().connect(link)
        assert refused.value.error_id == error_id
    await ada.close()
    await ben.close()


@pytest.mark.parametrize(
    ("change", "error_id"),
    [
        ({"protocol": 2}, "protocol-mismatch"),
        ({"model_fingerprint": "bbbb"}, "model-mismatch"),
        ({"tables_fingerprint": "uuuu"}, "tables-mismatch"),
        ({"sends": False, "receives": False}, "nothing-to-do"),
    ],
)
async def test_a_mismatch_is_the_same_error_on_both_sides(
    signaling_service: SignalingService, change: dict[str, Any], error_id: str
) -> None:
    mine = HELLO if error_id != "nothing-to-do" else HELLO.model_copy(update={"sends": False})
    room = await create_room(signaling_service.url)
    results = await asyncio.gather(
        Peer(mine).connect(room),
        Peer(mine.model_copy(update=change)).connect(room),
        return_exceptions=True,
    )
    assert [getattr(result, "error_id", result) for result in results] == [error_id, error_id]


async def test_the_call_outlives_the_signaling_server(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    await signaling_service.stop()
    ada.session.send_source(b"photo", stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())
    await ada.close()
    assert await within(ben.session.wait_ended()) is EndReason.PEER_LEFT


async def test_who_waits_goes_on_waiting_when_a_visitor_leaves(
    signaling_service: SignalingService,
) -> None:
    ada, ben = Peer(), Peer()
    room = await create_room(signaling_service.url)
    connecting = asyncio.create_task(ada.connect(room))
    await until(lambda: ada.waits == 1)
    visitor = await SignalingClient.join(room)
    assert visitor.welcome.peer_present
    await within(anext(visitor.events()))  # Ada's offer
    await visitor.close()
    await until(lambda: ada.waits == 2)
    await asyncio.gather(connecting, ben.connect(room))
    await ada.close()
    await ben.close()


async def test_a_fault_of_a_handler_does_not_end_the_call(
    signaling_service: SignalingService, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Peer):
        def on_motion(self, message: bytes, arrival: float) -> None:
            super().on_motion(message, arrival)
            if message == b"malformed":
                raise ConfappError("bad-packet", "Not a packet.")
            raise RuntimeError("a bug")

    ada, ben = Peer(), Faulty()
    await call(signaling_service, ada, ben)
    ada.session.send_source(b"photo", stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())
    with caplog.at_level(logging.ERROR):
        for message in (b"malformed", b"good"):
            assert ada.session.send_motion(message, payload_bytes=0)
            await until(lambda m=message: m in ben.motion)  # type: ignore[misc]
    assert "a bug" in caplog.text
    assert "bad-packet" not in caplog.text
    assert ben.session.statistics.motion_malformed == 1
    assert ben.session.statistics.motion_received == 1
    await ada.close()
    await ben.close()


async def test_wire_bytes_are_those_given_to_the_sockets(
    signaling_service: SignalingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured: list[int] = []
    sendto = _SelectorDatagramTransport.sendto

    def capture(self: Any, data: bytes, addr: Any = None) -> None:
        captured.append(datagram_bytes(data, addr))
        sendto(self, data, addr)

    monkeypatch.setattr(_SelectorDatagramTransport, "sendto", capture)
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    ada.session.send_source(bytes(12_000), stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())
    for number in range(5):
        assert ada.session.send_motion(bytes([number]) * 80, payload_bytes=74)
        await until(lambda n=number: len(ben.motion) == n + 1)  # type: ignore[misc]
    await ada.close()
    await ben.close()
    counted = [side.session.statistics for side in (ada, ben)]
    assert sum(side.wire_datagrams_sent for side in counted) == len(captured)
    assert sum(side.wire_bytes_sent for side in counted) == sum(captured)
    assert 12_000 < counted[1].wire_bytes_received <= counted[0].wire_bytes_sent


async def test_a_better_photo_goes_in_pieces_while_motion_passes(
    signaling_service: SignalingService,
) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    ada.session.send_source(b"photo", stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())
    better = bytes(range(256)) * 40
    sending = asyncio.create_task(ada.session.send_refresh(better, 0.01))
    sent = 0
    while not sending.done() or not sent:
        message = f"frame {sent}".encode()
        sent += ada.session.send_motion(message, 1)
        await asyncio.wait({sending}, timeout=0.005)
    assert await sending
    ada.session.use_refresh(1240)
    await until(lambda: ben.used_from_ms == [1240])
    await until(lambda: len(ben.motion) == sent)
    assert ben.refreshes == [better]
    assert ben.session.statistics.control_malformed == 0
    ada.session.send_correction(b"places")
    await until(lambda: ben.corrections == [b"places"])
    # A photo of its own ends what was better before.
    waiting = asyncio.create_task(ada.session.send_refresh(b"better still", 60.0))
    await asyncio.sleep(0)
    ada.session.send_source(b"another", stream_origin=0.0)
    assert not await within(waiting)
    await ada.close()
    await ben.close()
