"""Events that wait for a tab."""

import asyncio

from confapp.page.messages import Hints, Numbers
from confapp.page.outbox import Outbox


def hints(progress: float) -> Hints:
    return Hints(hint="hold", sentence="Hold.", progress=progress)


async def test_the_newest_event_of_a_type_wins() -> None:
    outbox = Outbox()
    for step in range(1000):
        outbox.put(hints(step / 1000))
        outbox.put(Numbers(shown_fps=step))
    assert await outbox.take() == hints(0.999)
    assert await outbox.take() == Numbers(shown_fps=999)


async def test_it_is_empty_only_when_the_last_one_was_dealt_with() -> None:
    outbox = Outbox()
    outbox.put(hints(1))
    await outbox.take()
    emptied = asyncio.create_task(outbox.emptied())
    await asyncio.sleep(0)
    assert not emptied.done()  # taken, and maybe not sent yet
    waiting = asyncio.create_task(outbox.take())
    await asyncio.wait_for(emptied, 10)
    outbox.put(hints(0))
    assert await asyncio.wait_for(waiting, 10) == hints(0)
