"""The newest item wins between two stages."""

import asyncio

from confapp.newest_slot import NewestSlot


async def test_what_was_not_taken_is_replaced_and_counted() -> None:
    slot: NewestSlot[int] = NewestSlot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.waiting == 1
    assert await slot.take() == 3
    assert slot.replaced == 2
    assert slot.waiting == 0


async def test_taking_waits_for_the_next_item() -> None:
    slot: NewestSlot[int] = NewestSlot()
    slot.put(1)
    assert await slot.take() == 1
    waiting = asyncio.create_task(slot.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    slot.put(2)
    assert await waiting == 2
    assert slot.replaced == 0


async def test_closing_hands_out_what_waits_and_then_nothing() -> None:
    slot: NewestSlot[int] = NewestSlot()
    slot.put(1)
    slot.close()
    assert await slot.take() == 1
    assert await slot.take() is None


async def test_closing_wakes_whoever_waits() -> None:
    slot: NewestSlot[int] = NewestSlot()
    waiting = asyncio.create_task(slot.take())
    await asyncio.sleep(0)
    slot.close()
    assert await waiting is None
