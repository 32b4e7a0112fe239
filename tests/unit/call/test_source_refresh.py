"""A better source photo from one side to the other, piece by piece."""

import asyncio

import pytest

from confapp.call.control_message import (
    MAX_STILL_BYTES,
    RefreshAnnounce,
    RefreshReady,
    RefreshUse,
    content_hash,
)
from confapp.call.source_refresh import PIECE_BYTES, SourceRefresh
from confapp.errors import ConfappError

STILL = bytes(range(256)) * 10


def send_all(sender: SourceRefresh, receiver: SourceRefresh) -> list[bytes]:
    """Pass on whatever there is; the photos that came out."""
    photos = []
    while (message := sender.next_message()) is not None:
        if isinstance(message, RefreshAnnounce):
            receiver.on_announce(message)
        elif (photo := receiver.on_piece(message)) is not None:
            photos.append(photo)
    return photos


@pytest.mark.parametrize("size", [1, PIECE_BYTES, 2 * PIECE_BYTES, len(STILL)])
async def test_a_photo_arrives_in_pieces_of_one_datagram(size: int) -> None:
    sender, receiver = SourceRefresh(), SourceRefresh()
    sender.begin(STILL[:size])
    assert send_all(sender, receiver) == [STILL[:size]]
    assert not receiver.awaits_piece
    sender.begin(STILL)
    sender.next_message()
    pieces = []
    while (piece := sender.next_message()) is not None:
        assert isinstance(piece, bytes)
        pieces.append(len(piece))
    assert pieces == [PIECE_BYTES, PIECE_BYTES, len(STILL) - 2 * PIECE_BYTES]


async def test_the_photo_is_used_from_the_frame_that_the_sender_names() -> None:
    sender, receiver = SourceRefresh(), SourceRefresh()
    sender.begin(STILL)
    send_all(sender, receiver)
    ready = receiver.tell_ready(STILL)
    assert ready is not None
    sender.on_ready(ready)
    assert await sender.wait_ready()
    use, still = sender.use(1240)
    assert (use.timestamp_ms, still) == (1240, STILL)
    receiver.on_use(use)
    receiver.on_use(use)  # said again over the next link
    assert sender.on_link(same_peer=True) == use
    assert sender.on_link(same_peer=False) is None  # another program was sent none


async def test_over_another_link_the_same_peer_gets_it_from_the_beginning() -> None:
    sender, receiver = SourceRefresh(), SourceRefresh()
    sender.begin(STILL)
    for _ in range(2):
        message = sender.next_message()
        if isinstance(message, RefreshAnnounce):
            receiver.on_announce(message)
        elif message is not None:
            receiver.on_piece(message)
    for side in (sender, receiver):
        assert side.on_link(same_peer=True) is None
    assert not receiver.awaits_piece
    assert send_all(sender, receiver) == [STILL]


async def test_another_peer_ends_the_wait() -> None:
    sender = SourceRefresh()
    sender.begin(STILL)
    waiting = asyncio.create_task(sender.wait_ready())
    await asyncio.sleep(0)
    sender.on_link(same_peer=False)
    assert not await waiting
    assert not await sender.wait_ready()
    assert sender.next_message() is None


async def test_what_does_not_fit_is_refused_and_forgotten() -> None:
    sender, receiver = SourceRefresh(), SourceRefresh()
    with pytest.raises(ValueError, match="no photo"):
        receiver.on_piece(STILL)
    announce = RefreshAnnounce(sha256=content_hash(STILL), size=3)
    for damaged in (b"abc", b"abcd", b""):
        receiver.on_announce(announce)
        with pytest.raises(ValueError, match="announced"):
            receiver.on_piece(damaged)
        assert not receiver.awaits_piece
    with pytest.raises(ValueError, match="last"):
        receiver.on_use(RefreshUse(sha256=content_hash(STILL), timestamp_ms=0))
    with pytest.raises(ValueError, match="last"):
        sender.on_ready(RefreshReady(sha256=content_hash(STILL)))
    with pytest.raises(ConfappError) as refused:
        sender.begin(bytes(MAX_STILL_BYTES + 1))
    assert refused.value.error_id == "source-too-large"


async def test_a_stream_with_another_source_begins_anew() -> None:
    sender, receiver = SourceRefresh(), SourceRefresh()
    sender.begin(STILL)
    send_all(sender, receiver)
    receiver.on_source()
    assert receiver.tell_ready(STILL) is None
    sender.begin_anew()
    assert not await sender.wait_ready()
