"""Headers, by hand and against a real data channel."""

import asyncio

import pytest

import confapp.media  # noqa: F401 - before aiortc; see there
from confapp.evaluation.wire_rate import (
    MESSAGE_OVERHEAD,
    data_channel_wire_bytes,
    rtp_wire_bytes,
)

DEADLINE_S = 30


def test_rtp_by_hand() -> None:
    assert rtp_wire_bytes(0) == 0
    assert rtp_wire_bytes(1) == 41
    assert rtp_wire_bytes(1160) == 1200
    assert rtp_wire_bytes(1161) == 1161 + 2 * 40
    assert rtp_wire_bytes(10_000) == 10_000 + 9 * 40


def test_messages_are_filled_up_and_long_ones_cut() -> None:
    assert data_channel_wire_bytes(80) == 80 + MESSAGE_OVERHEAD
    assert data_channel_wire_bytes(81) == 84 + MESSAGE_OVERHEAD
    assert data_channel_wire_bytes(2500) == 2500 + 3 * MESSAGE_OVERHEAD
    assert data_channel_wire_bytes(10, overhead=50) == 12 + 50


@pytest.mark.parametrize("size", [10, 33, 80, 1000])
async def test_formula_holds_on_a_real_connection(size: int) -> None:
    from aiortc import RTCConfiguration, RTCPeerConnection

    near, far = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    arrived: asyncio.Queue[bytes] = asyncio.Queue()
    far.on("datachannel", lambda channel: channel.on("message", arrived.put_nowait))
    channel = near.createDataChannel("motion", ordered=False, maxRetransmits=0)
    opened = asyncio.Event()
    channel.on("open", opened.set)
    try:
        async with asyncio.timeout(DEADLINE_S):
            await near.setLocalDescription(await near.createOffer())
            await far.setRemoteDescription(near.localDescription)
            await far.setLocalDescription(await far.createAnswer())
            await near.setRemoteDescription(far.localDescription)
            await opened.wait()
            ice = near.sctp.transport.transport  # type: ignore[union-attr]
            sizes: list[int] = []
            send = ice._send

            async def counted(data: bytes) -> None:
                sizes.append(28 + len(data))  # IPv4 and UDP around what the ICE socket is given
                await send(data)

            ice._send = counted
            for _ in range(5):
                channel.send(bytes(size))
                await arrived.get()
    finally:
        await near.close()
        await far.close()
    assert sizes.count(data_channel_wire_bytes(size)) == 5
