"""Two people who neither speak nor show themselves, over a poor link, for ten minutes."""

import asyncio
import random

import pytest
from call_peer import Peer, until
from signaling_service import SignalingService
from virtual_time import VirtualTimeLoop

from confapp.call.call_handlers import CallState, StateReason
from confapp.call.peer_link import LinkOptions
from confapp.call.signaling_client import create_room
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import LinkProfile

DELAY_MS = 20
TEN_MINUTES_S = 600

States = list[tuple[CallState, StateReason]]


def states_of_a_silent_call(loss: float, monkeypatch: pytest.MonkeyPatch) -> States:
    """What both sides were told of a link that loses this share, at random."""

    async def hold() -> States:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        service = SignalingService()
        await service.start()
        links = [EmulatedLink(LinkProfile(delay_ms=DELAY_MS), seed) for seed in (3, 4)]
        peers = [Peer(), Peer()]
        room = await create_room(service.url)
        await asyncio.gather(
            *(
                peer.connect(room, options=LinkOptions(wrap_transport=link.wrap), clock=loop.time)
                for peer, link in zip(peers, links, strict=True)
            )
        )
        await until(lambda: all(peer.codes for peer in peers))  # a thread works these out
        random.seed(5)  # aioice spreads its consent checks
        with loop.virtual_time(monkeypatch):
            for number, link in enumerate(links):
                link.profile = LinkProfile(delay_ms=DELAY_MS, loss=loss)
                link._random.seed(number)  # connecting took as many chances as it liked
            await asyncio.sleep(TEN_MINUTES_S)
            for link in links:
                link.profile = LinkProfile(delay_ms=DELAY_MS)
        states = [state for peer in peers for state in peer.states]
        await asyncio.gather(*(peer.close() for peer in peers))
        await service.stop()
        return states

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(hold())


def test_a_silent_call_that_loses_a_tenth_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    states = states_of_a_silent_call(0.1, monkeypatch)
    assert all(state is not CallState.RECONNECTING for state, _ in states)
    # Two beats in a row lost, with the answers to one's own: one in 3000 seconds of each side.
    assert sum(reason is StateReason.QUIET for _, reason in states) <= 5
