"""Peers whose way to the signaling server breaks, and lobbies and passphrases on the way in."""

import asyncio

import pytest
from call_peer import HELLO, Peer, until, within
from signaling_service import SignalingService

from confapp.call.call_handlers import CallHandlers
from confapp.call.call_session import CallSession
from confapp.call.signaling_client import SignalingClient, create_room, make_room
from confapp.errors import ConfappError
from signaling.messages import Description, PeerJoined, PeerLeft, Welcome
from signaling.settings import SignalingSettings


def cut(client: SignalingClient) -> None:
    """Lose the connection without a goodbye."""
    client._websocket.transport.abort()


async def test_a_client_comes_back_by_itself_and_misses_nothing(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    async with await SignalingClient.join(room) as ada, await SignalingClient.join(room) as ben:
        events = ben.events(), ada.events()
        assert isinstance(await within(anext(events[1])), PeerJoined)
        cut(ben)
        await ada.send_description("offer", "v=0")
        assert isinstance(await within(anext(events[0])), Welcome)  # he is back
        offer = await within(anext(events[0]))
        assert isinstance(offer, Description)
        assert offer.sdp == "v=0"
        await ben.send_description("answer", "v=1")
        answer = await within(anext(events[1]))
        assert isinstance(answer, Description)
        assert answer.kind == "answer"
        assert signaling_service.state.doorkeeper.sockets == 2


async def test_what_was_said_while_cut_off_is_sent_later(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    async with await SignalingClient.join(room) as ada, await SignalingClient.join(room) as ben:
        events = ada.events()
        assert isinstance(await within(anext(events)), PeerJoined)
        cut(ben)
        await within(ben._websocket.wait_closed())
        await ben.send_description("offer", "v=0")
        resuming = asyncio.ensure_future(anext(ben.events()))
        offer = await within(anext(events))
        assert isinstance(offer, Description)
        await ada.send_description("answer", "v=1")
        assert await within(resuming)


async def test_a_client_that_was_away_for_too_long_takes_a_new_seat() -> None:
    service = SignalingService(SignalingSettings(port=0, resume_s=0.01))
    await service.start()
    room = await create_room(service.url)
    async with (
        await SignalingClient.join(room) as ada,
        await SignalingClient.join(room, random=lambda: 0.4) as ben,
    ):
        events = ada.events()
        assert isinstance(await within(anext(events)), PeerJoined)
        cut(ben)
        coming_back = asyncio.ensure_future(anext(ben.events()))
        assert isinstance(await within(anext(events)), PeerLeft)
        assert isinstance(await within(coming_back), Welcome)
        assert isinstance(await within(anext(events)), PeerJoined)
    await service.stop()


async def test_a_client_in_a_hurry_does_not_wait_for_an_old_connection(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    async with await SignalingClient.join(room) as ada:
        before = ada._websocket
        ada.refresh()
        assert isinstance(await within(anext(ada.events())), Welcome)
        assert ada._websocket is not before
        assert ada.connected


async def test_a_call_stands_though_the_way_to_the_server_breaks_meanwhile(
    signaling_service: SignalingService,
) -> None:
    room = await create_room(signaling_service.url)
    ada, ben = Peer(), Peer()
    connecting = asyncio.create_task(ada.connect(room))
    await until(lambda: ada.waits == 1)
    await asyncio.wait_for(signaling_service.state.drain(10), 20)  # sends everybody away ...
    signaling_service.state.doorkeeper.leaving = False  # ... and is here again
    await asyncio.gather(connecting, ben.connect(room))
    await ada.close()
    await ben.close()


async def test_the_host_lets_a_guest_into_the_call(signaling_service: SignalingService) -> None:
    links = await make_room(signaling_service.url, lobby=True, passphrase="open sesame")
    told: list[str] = []

    async def admit() -> bool:
        told.append("knock")
        return True

    def connect(link: str) -> asyncio.Task[CallSession]:
        handlers = CallHandlers(on_lobby=lambda: told.append("lobby"), on_knock=admit)
        return asyncio.create_task(
            CallSession.connect(link, HELLO, handlers, passphrase="open sesame")
        )

    guest = connect(links.guest)
    await until(lambda: told == ["lobby"])
    host = connect(links.host)
    calls = await within(asyncio.gather(host, guest))
    assert told == ["lobby", "knock"]
    for session in calls:
        await within(session.close())


async def test_a_guest_who_is_turned_away_hears_why(signaling_service: SignalingService) -> None:
    links = await make_room(signaling_service.url, lobby=True)

    async def refuse() -> bool:
        return False

    host = asyncio.create_task(
        CallSession.connect(links.host, HELLO, CallHandlers(on_knock=refuse))
    )
    with pytest.raises(ConfappError) as refused:
        await within(CallSession.connect(links.guest, HELLO))
    assert refused.value.error_id == "not-admitted"
    host.cancel()
    with pytest.raises(asyncio.CancelledError):
        await host


async def test_a_passphrase_that_is_too_short_is_said_at_once() -> None:
    with pytest.raises(ConfappError) as refused:
        await make_room("http://localhost:8000", passphrase="abc")
    assert refused.value.error_id == "passphrase-length"
