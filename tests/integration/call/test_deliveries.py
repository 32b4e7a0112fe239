"""What arrived is told by SCTP's own acknowledgements, which are half as many as aiortc's."""

import asyncio

from call_peer import Peer, call, until, within
from signaling_service import SignalingService

from confapp.call.peer_link import LinkOptions
from confapp.call.signaling_client import create_room
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import LinkProfile

MESSAGES = 60


async def ready(ada: Peer) -> None:
    """Ben takes Ada's motion."""
    ada.session.send_source(b"photo", stream_origin=0.0)
    assert await within(ada.session.wait_source_ready())


async def send(ada: Peer, message: bytes) -> None:
    """As soon as the channel takes it."""
    await until(lambda: ada.session.send_motion(message, payload_bytes=len(message)))


async def test_deliveries_are_what_the_peer_has(signaling_service: SignalingService) -> None:
    link = EmulatedLink(LinkProfile())
    ada, ben = Peer(), Peer()
    room = await create_room(signaling_service.url)
    await asyncio.gather(
        ada.connect(room, options=LinkOptions(wrap_transport=link.wrap)), ben.connect(room)
    )
    await ready(ada)
    sent = [number.to_bytes(2, "big") * 10 for number in range(MESSAGES)]
    link.profile = LinkProfile(loss=0.3)
    for message in sent:
        await send(ada, message)
    link.profile = LinkProfile()
    last = b"the last one"
    await send(ada, last)
    await until(lambda: last in ada.delivered)
    assert len(set(ben.motion)) < MESSAGES + 1
    assert set(ada.delivered) <= set(ben.motion)
    assert len(ada.delivered) == len(set(ada.delivered)) > MESSAGES / 3
    assert not ben.delivered
    await ada.close()
    await ben.close()


async def test_every_second_packet_is_acknowledged(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    await ready(ada)
    before = ben.session.statistics.wire_datagrams_sent
    for number in range(MESSAGES):
        message = bytes([number]) * 20
        await send(ada, message)
        await until(lambda m=message: m in ben.motion)  # type: ignore[misc]
    sent = ben.session.statistics.wire_datagrams_sent - before
    assert MESSAGES / 4 < sent < 0.8 * MESSAGES  # heartbeats among them
    await until(lambda: len(ada.delivered) == MESSAGES)  # the last one's by the timer
    await ada.close()
    await ben.close()


async def test_a_key_request_reaches_the_sender(signaling_service: SignalingService) -> None:
    ada, ben = Peer(), Peer()
    await call(signaling_service, ada, ben)
    ben.session.request_key()
    await until(lambda: ada.key_requests == 1)
    assert ben.key_requests == 0
    await ada.close()
    await ben.close()
