"""The emulated link at times set by hand, and over real sockets."""

import asyncio
from itertools import pairwise

import pytest

from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import PROFILES, LinkProfile

MANY = 20_000


def fates(profile: LinkProfile, count: int = MANY, seed: int = 1) -> list[float | None]:
    link = EmulatedLink(profile, seed)
    return [link.arrival(100, 0.04 * number) for number in range(count)]


def test_a_perfect_link_delivers_at_once() -> None:
    assert EmulatedLink(LinkProfile()).arrival(1500, 7.0) == 7.0


def test_delay_and_jitter_keep_the_order() -> None:
    link = EmulatedLink(LinkProfile(delay_ms=100, jitter_ms=80), seed=3)
    arrivals = [link.arrival(100, 0.001 * number) or 0.0 for number in range(500)]
    assert arrivals == sorted(arrivals)
    delays = [at - 0.001 * number for number, at in enumerate(arrivals)]
    assert min(delays) >= 0.1
    assert max(delays) == pytest.approx(0.18, abs=0.005)


@pytest.mark.parametrize("burst", [1.0, 3.0])
def test_loss_has_the_share_and_the_length_asked_for(burst: float) -> None:
    lost = [at is None for at in fates(LinkProfile(loss=0.1, burst=burst))]
    assert sum(lost) / MANY == pytest.approx(0.1, rel=0.1)
    begun = sum(not before and after for before, after in pairwise(lost))
    expected = burst if burst > 1 else 1 / (1 - 0.1)
    assert sum(lost) / begun == pytest.approx(expected, rel=0.1)


def test_equal_seeds_have_equal_fates() -> None:
    profile = LinkProfile(delay_ms=20, jitter_ms=30, loss=0.2, burst=2, reorder=0.1)
    assert fates(profile, 200, seed=5) == fates(profile, 200, seed=5)
    assert fates(profile, 200, seed=5) != fates(profile, 200, seed=6)


def test_the_bottleneck_sends_at_its_rate_and_drops_what_its_queue_does_not_hold() -> None:
    link = EmulatedLink(LinkProfile(rate_kbps=8, queue_ms=250))  # 100 bytes take 0.1 s
    arrivals = [link.arrival(100, 0.0) for _ in range(5)]
    assert arrivals[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert arrivals[3:] == [None, None]
    assert link.lost == 2
    assert link.arrival(100, 10.0) == pytest.approx(10.1)


def test_some_datagrams_are_overtaken() -> None:
    arrivals = fates(LinkProfile(reorder=0.2, reorder_ms=50))
    overtaken = sum(one > other for one, other in pairwise(at for at in arrivals if at is not None))
    assert overtaken / MANY == pytest.approx(0.2 * 0.8, rel=0.1)  # unless the next is late as well


def test_nothing_arrives_in_an_outage() -> None:
    link = EmulatedLink(LinkProfile())
    link.up = False
    assert link.arrival(100, 1.0) is None
    link.up = True
    assert link.arrival(100, 2.0) == 2.0


@pytest.mark.parametrize(
    "wrong", [{"loss": 1.0}, {"burst": 0.5}, {"delay_ms": -1.0}, {"rate_kbps": 0.0}]
)
def test_what_no_link_does_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|before|rate"):
        LinkProfile(**wrong)


def test_every_profile_delivers_most_of_a_call() -> None:
    for profile in PROFILES.values():
        arrived = [at for at in fates(profile) if at is not None]
        assert len(arrived) > 0.85 * MANY


async def test_a_wrapped_socket_delivers_what_the_link_lets_through() -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _addr: object) -> None:
            arrived.put_nowait(data)

    loop = asyncio.get_running_loop()
    listening, _ = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    sending, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    link = EmulatedLink(LinkProfile(delay_ms=1))
    wrapped = link.wrap(sending)
    address = listening.get_extra_info("sockname")
    assert wrapped.get_extra_info("sockname") == sending.get_extra_info("sockname")
    wrapped.sendto(b"through", address)
    assert await asyncio.wait_for(arrived.get(), 10) == b"through"
    link.up = False
    wrapped.sendto(b"lost", address)
    link.up = True
    wrapped.sendto(b"again", address)
    assert await asyncio.wait_for(arrived.get(), 10) == b"again"
    wrapped.close()
    assert wrapped.is_closing()
    listening.close()
