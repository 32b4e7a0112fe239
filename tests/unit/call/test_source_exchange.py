"""The source photo from one side to the other."""

import asyncio

import pytest

from confapp.call.control_message import MAX_STILL_BYTES, SourceReady, content_hash
from confapp.call.source_exchange import SourceExchange, SourcePhoto
from confapp.errors import ConfappError

STILL = bytes(range(256))


async def test_a_photo_arrives_as_announced() -> None:
    sender, receiver = SourceExchange(), SourceExchange()
    receiver.on_announce(sender.announce(STILL, 12.5))
    assert receiver.on_still(STILL) == SourcePhoto(STILL, content_hash(STILL), 12.5)


async def test_a_photo_from_disk_is_announced_as_one() -> None:
    sender, receiver = SourceExchange(), SourceExchange()
    receiver.on_announce(sender.announce(STILL, 0.0, live=False))
    photo = receiver.on_still(STILL)
    assert isinstance(photo, SourcePhoto)
    assert not photo.live


async def test_a_still_other_than_announced_is_refused() -> None:
    sender, receiver = SourceExchange(), SourceExchange()
    with pytest.raises(ValueError, match="announced"):
        receiver.on_still(STILL)
    receiver.on_announce(sender.announce(STILL, 0.0))
    with pytest.raises(ValueError, match="announced"):
        receiver.on_still(STILL[::-1])
    with pytest.raises(ValueError, match="announced"):
        receiver.on_still(STILL)  # an announcement is good for one still


async def test_who_waits_learns_that_the_peer_is_ready() -> None:
    sender = SourceExchange()
    announce = sender.announce(STILL, 0.0)
    waiting = asyncio.create_task(sender.wait_ready())
    sender.on_ready(SourceReady(sha256=announce.sha256))
    sender.on_ready(SourceReady(sha256=announce.sha256))
    assert await waiting
    assert await sender.wait_ready()


async def test_ready_with_another_photo_is_refused() -> None:
    sender = SourceExchange()
    with pytest.raises(ValueError, match="another photo"):
        sender.on_ready(SourceReady(sha256=content_hash(STILL)))


async def test_who_waits_for_a_photo_that_was_replaced_waits_in_vain() -> None:
    sender = SourceExchange()
    sender.announce(STILL, 0.0)
    waiting = asyncio.create_task(sender.wait_ready())
    await asyncio.sleep(0)
    sender.announce(b"another", 0.0)
    assert not await waiting
    sender.give_up()
    assert not await sender.wait_ready()


@pytest.mark.parametrize("size", [0, MAX_STILL_BYTES + 1])
async def test_a_photo_of_no_fit_size_is_one_clear_error(size: int) -> None:
    with pytest.raises(ConfappError) as refused:
        SourceExchange().announce(bytes(size), 0.0)
    assert refused.value.error_id == "source-too-large"
