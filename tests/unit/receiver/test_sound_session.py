"""The speaker of a call is closed however the call ends."""

import asyncio
import threading
from types import SimpleNamespace
from typing import cast

from confapp.call.call_session import CallSession
from confapp.call.statistics import CallStatistics
from confapp.media.sound_format import SILENCE_DBFS
from confapp.media.speaker import Playout
from receiver.sound_session import SoundReceiver

CALL = cast("CallSession", SimpleNamespace(statistics=CallStatistics()))


class Speaker:
    """Counts how often it was closed."""

    def __init__(self, playout: Playout) -> None:
        self.playout = playout
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


async def test_it_is_closed_though_it_is_cancelled_twice() -> None:
    opened: list[Speaker] = []
    ready = threading.Event()

    def open_speaker(playout: Playout) -> Speaker:
        opened.append(Speaker(playout))
        ready.set()
        return opened[0]

    receiver = SoundReceiver(open_speaker)
    running = asyncio.create_task(receiver.run(CALL))
    await asyncio.to_thread(ready.wait, 10)
    assert not opened[0].playout(0.0).any()
    assert receiver.level_dbfs == SILENCE_DBFS
    both = asyncio.gather(running)
    both.cancel()
    running.cancel()
    await asyncio.wait({running})
    assert opened[0].closed == 1


async def test_one_that_opens_late_is_closed_as_well() -> None:
    opened: list[Speaker] = []
    may_open, begun, closed = threading.Event(), threading.Event(), threading.Event()

    class Late(Speaker):
        def close(self) -> None:
            super().close()
            closed.set()

    def open_speaker(playout: Playout) -> Speaker:
        begun.set()
        may_open.wait(10)
        opened.append(Late(playout))
        return opened[0]

    running = asyncio.create_task(SoundReceiver(open_speaker).run(CALL))
    await asyncio.to_thread(begun.wait, 10)
    running.cancel()
    await asyncio.wait({running})
    may_open.set()
    assert await asyncio.to_thread(closed.wait, 10)
    assert opened[0].closed == 1
