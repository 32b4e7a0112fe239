"""The receiving side of sound, from opening a speaker to closing it."""

import asyncio
import contextlib
from typing import cast

from confapp.call.call_session import CallSession
from confapp.media.speaker import Playout
from receiver.sound_session import SoundReceiver


class Speaker:
    """Notes that it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self.closed.set)


async def test_a_speaker_is_closed_however_often_its_task_is_cancelled() -> None:
    speaker, opened = Speaker(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def open_speaker(_playout: Playout) -> Speaker:
        loop.call_soon_threadsafe(opened.set)
        return speaker

    running = asyncio.create_task(SoundReceiver(open_speaker).run(cast(CallSession, None)))
    await opened.wait()
    running.cancel()
    await asyncio.sleep(0)  # it is closing now
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    async with asyncio.timeout(10):
        await speaker.closed.wait()
