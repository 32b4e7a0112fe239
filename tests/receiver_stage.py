"""A receiver session, a call that only listens, and what is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
from fake_call import FakeCall

from confapp.call.call_session import CallSession
from confapp.call.source_exchange import SourcePhoto
from confapp.codec import PaperCodec
from confapp.media.still import encode_still
from confapp.motion_frame import MotionFrame
from receiver.rendered_frame import RenderedFrame
from receiver.session import ReceiverSession


class Screen:
    """What was shown."""

    def __init__(self, call: FakeCall) -> None:
        self.frames: list[RenderedFrame] = []
        self.call = call
        self._loop = asyncio.get_running_loop()

    def show(self, frame: RenderedFrame) -> None:
        self.frames.append(frame)
        self._loop.call_soon_threadsafe(self.call.changed.set)


def photo(seed: int = 0, size: int = 64) -> SourcePhoto:
    picture = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return SourcePhoto(encode_still(picture), f"photo {seed}", stream_origin=0.0)


def motion(yaw: float, timestamp_ms: int) -> MotionFrame:
    return MotionFrame.of([yaw, 0, 0], [0, 0, 0], np.zeros((5, 3)), timestamp_ms)


async def show_next(
    session: ReceiverSession, screen: Screen, codec: PaperCodec, timestamp_ms: int
) -> RenderedFrame:
    """A packet of a frontal head comes; the picture of it."""
    shown = len(screen.frames)
    session.on_motion(codec.encode(motion(0, timestamp_ms), timestamp_ms // 40), 0.0)
    await screen.call.until(lambda: len(screen.frames) > shown)
    return screen.frames[-1]


@asynccontextmanager
async def running(session: ReceiverSession, call: FakeCall) -> AsyncIterator[None]:
    task = asyncio.create_task(session.run(cast("CallSession", call)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
