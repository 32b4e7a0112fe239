"""A running page on stage: a camera, a microphone and a call that only note what is asked."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from page_visitor import Visitor

from confapp.call.call_handlers import EndReason
from confapp.call.control_message import RecordingStep
from confapp.call_report import CallReport
from confapp.call_summary import CallSummary
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.photo import load_photo
from confapp.media.sound_format import CAPTURE_BLOCK, SoundBlock
from confapp.media.video_frame import VideoFrame
from confapp.page.messages import Device, View
from confapp.page.page_call import PageCall
from confapp.page.page_phase import PagePhase
from confapp.page.page_session import SessionWish
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from sender.source_photo import SourcePhoto

BEN = load_photo(PEOPLE / "ben.png")
WALL = np.full_like(BEN, 90)
ROOM = "http://localhost:8000/r/room#key"
FRAME_S = 0.04
DEADLINE_S = 60


class StillCamera:
    """A camera that looks at one picture."""

    def __init__(self, name: str) -> None:
        self._picture = WALL if name == "wall" else BEN
        self._closed = threading.Event()
        if name == "broken":
            raise ConfappError("camera-not-found", "There is no such camera.")

    def frames(self) -> Iterator[VideoFrame]:
        index = 0
        start = time.monotonic()
        while not self._closed.wait(FRAME_S):
            yield VideoFrame(self._picture, round((time.monotonic() - start) * 1000), index)
            index += 1

    def close(self) -> None:
        self._closed.set()


class Hum:
    """A microphone that hears a loud tone, or is not there."""

    def __init__(self, name: str) -> None:
        self._closed = threading.Event()
        if name == "1":
            raise ConfappError("audio-device", "There is no such microphone.")

    def blocks(self) -> Iterator[SoundBlock]:
        while not self._closed.wait(0.01):
            yield SoundBlock(np.full(CAPTURE_BLOCK, 16384, np.int16), 0.0)

    def close(self) -> None:
        self._closed.set()


class Switch:
    """A microphone that hears nothing."""

    def __init__(self) -> None:
        self.muted = False
        self.level_dbfs = -40.0


class Session:
    """A call that only notes what the page asks for."""

    def __init__(self, wish: SessionWish) -> None:
        self.wish = wish
        self.offset = PoseOffset()
        self.microphone: Switch | None = Switch()
        self.report: CallReport | None = None
        self.room = ""
        self.photos: list[SourcePhoto] = []
        self.steps: list[RecordingStep] = []
        self.closed = False
        self.ending: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()

    async def run(self, room_url: str) -> CallSummary:
        self.room = room_url
        end = EndReason.CLOSED
        try:
            end = await self.ending
        except asyncio.CancelledError:
            if self.ending.done() and not self.ending.cancelled():
                raise
        return CallSummary("tiny", "f", False, end, 1.0, 10.0, 5.0, None, None, None, None)

    def close(self) -> None:
        self.closed = True

    def retake(self, photo: SourcePhoto) -> None:
        self.photos.append(photo)

    def send_recording(self, step: RecordingStep) -> None:
        self.steps.append(step)


class Stage:
    """A running page, its visitor, and the sessions that it opened."""

    def __init__(self, head: TalkingHead, folder: Path, photo: SourcePhoto | None) -> None:
        self.sessions: list[Session] = []
        names = ("ben", "wall", "broken")
        self.page = PageCall(
            head,
            self._open,
            StillCamera,
            Hum,
            view=View(
                phase=PagePhase.LOBBY,
                room=ROOM,
                cameras=[Device(id=name, label=name) for name in names],
                camera="ben",
                microphones=[Device(id="0", label="desk"), Device(id="1", label="head set")],
                microphone="0",
            ),
            photo=photo,
            folder=folder,
            on_ready=self._on_ready,
        )
        self._ready = asyncio.Event()
        self.running = asyncio.create_task(self.page.run())
        self.visitor: Visitor

    def _open(self, wish: SessionWish) -> Session:
        session = Session(wish)
        self.sessions.append(session)
        return session

    def _on_ready(self, _: str) -> None:
        self._ready.set()

    async def start(self) -> None:
        await asyncio.wait_for(self._ready.wait(), DEADLINE_S)
        self.visitor = await Visitor(self.page.server.link).__aenter__()
        await self.visitor.until(lambda: self.visitor.view)

    async def stop(self) -> None:
        self.page.leave()
        await asyncio.wait_for(self.running, DEADLINE_S)
        await self.visitor.__aexit__(None, None, None)

    async def until(self, **fields: object) -> None:
        """Wait until the view says all this."""
        view = self.visitor
        await view.until(lambda: all(view.view.get(name) == fields[name] for name in fields))

    async def call(self) -> Session:
        """Join, and let the other side come."""
        await self.visitor.command("join", room=ROOM, name="Ada")
        await self.until(phase="joining", muted=False)
        session = self.sessions[-1]
        session.wish.audience.on_state("The call stands.", standing=True, urgent=False)
        await self.until(phase="call")
        return session
