"""A better source on its way while motion goes on."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
import pytest
from fake_call import FakeCall

from confapp.call.call_session import CallSession
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.talking_head import SourceAppearance, TalkingHead
from sender import source_refresher
from sender.source_photo import SourcePhoto
from sender.source_refresher import LEAST_INTERVAL_S, RefreshStatistics, SourceRefresher
from sender.source_watch import CHECK_EVERY_MS, SeenFrame, SourceCheck, SourceWatch

BLACK = np.zeros((64, 64, 3), np.uint8)
WHITE = np.full_like(BLACK, 255)


def still(timestamp_ms: int) -> MotionFrame:
    return MotionFrame.of([0, 0, 0], [0, 0, 0], np.zeros((5, 3)), timestamp_ms)


class Stage:
    """A refresher whose watch names white as the better source at every check."""

    def __init__(self, head: TalkingHead, call: FakeCall) -> None:
        self.now = 0.0
        self.call = call
        self.statistics = RefreshStatistics()
        self._ms = 0
        self._thread = ThreadPoolExecutor(1)
        self.refresher = SourceRefresher(
            head,
            SourcePhoto.of_view(BLACK),
            self._thread,
            statistics=self.statistics,
            clock=lambda: self.now,
        )

    def see(self, *, spare: bool = True) -> int:
        """Frames until the next check is due; the last one's timestamp."""
        for _ in range(2):
            motion = still(self._ms)
            self.refresher.see(SeenFrame(BLACK, motion), spare=spare)
            self._ms += CHECK_EVERY_MS
        return self._ms - CHECK_EVERY_MS

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.refresher.run(cast("CallSession", self.call)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._thread.shutdown()


@pytest.fixture(autouse=True)
def better(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(_watch: SourceWatch, _check: SourceCheck) -> RgbImage:
        return WHITE

    monkeypatch.setattr(SourceWatch, "check", check)


async def test_it_is_used_from_the_next_frame_on(head: TalkingHead) -> None:
    stage = Stage(head, FakeCall())
    async with stage.running():
        last_ms = stage.see()
        await stage.call.until(lambda: bool(stage.call.used_from_ms))
    assert stage.call.used_from_ms == [last_ms + 1]
    (still,) = stage.call.refreshes
    assert decode_still(still).min() > 250
    counted = stage.statistics
    assert (counted.checks, counted.refreshes, counted.bytes) == (1, 1, len(still))


async def test_another_waits_for_its_time(head: TalkingHead) -> None:
    stage = Stage(head, FakeCall())
    async with stage.running():
        stage.see()
        await stage.call.until(lambda: stage.statistics.refreshes == 1)
        stage.now = LEAST_INTERVAL_S - 0.1
        stage.see()
        await stage.call.until(lambda: not stage.refresher.waiting)
        assert stage.statistics.checks == 1
        stage.now = LEAST_INTERVAL_S
        stage.see()
        await stage.call.until(lambda: stage.statistics.refreshes == 2)


async def test_nothing_is_looked_at_without_room(head: TalkingHead) -> None:
    stage = Stage(head, FakeCall())
    stage.see(spare=False)
    assert not stage.refresher.waiting
    stage.see()
    assert stage.refresher.waiting


@pytest.mark.parametrize("ready", [False, None])
async def test_what_the_other_side_does_not_take_is_not_used(
    head: TalkingHead, ready: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_refresher, "READY_S", 0.05)
    stage = Stage(head, FakeCall(ready=ready))
    async with stage.running():
        for attempt in (1, 2):  # and it is tried again
            stage.see()
            await stage.call.until(lambda a=attempt: len(stage.call.refreshes) == a)  # type: ignore[misc]
            await stage.call.until(lambda: not stage.refresher.sending)
            stage.now += LEAST_INTERVAL_S
    assert not stage.call.used_from_ms
    assert stage.statistics.refreshes == 0


class HalfTurned:
    """In the place of a calibration: learns from every frame, and corrects by half a degree."""

    def __init__(self, _head: TalkingHead, appearance: SourceAppearance) -> None:
        self.appearance = appearance
        self.learned: list[int] = []
        self.rooms: list[bool] = []
        made.append(self)

    def learn(self, frame: SeenFrame) -> bool:
        self.learned.append(frame.motion.timestamp_ms)
        return True

    def corrected(self, motion: MotionFrame, *, room: bool) -> MotionFrame:
        self.rooms.append(room)
        return dataclasses.replace(motion, rotation=motion.rotation + np.float16(0.5))


made: list[HalfTurned] = []


@pytest.fixture
def calibrations(monkeypatch: pytest.MonkeyPatch) -> list[HalfTurned]:
    made.clear()
    monkeypatch.setattr(source_refresher, "PoseCalibration", HalfTurned)
    return made


async def test_poses_are_learned_anew_before_another_source(
    head: TalkingHead, calibrations: list[HalfTurned]
) -> None:
    stage = Stage(head, FakeCall())
    assert stage.refresher.corrected(still(0), room=True).rotation.tolist() == [0, 0, 0]
    async with stage.running():
        first_ms = stage.see()
        await stage.call.until(lambda: stage.statistics.refreshes == 1)
        assert stage.refresher.corrected(still(0), room=True).rotation.tolist() == [0, 0, 0]
        second_ms = stage.see()  # too early for another source, not for what it tells
        await stage.call.until(lambda: stage.statistics.poses_learned == 2)
        corrected = stage.refresher.corrected(still(0), room=False)
    assert corrected.rotation.tolist() == [0.5, 0.5, 0.5]
    before, after = calibrations
    assert (before.learned, after.learned) == ([first_ms], [second_ms])
    assert (before.rooms, after.rooms) == ([], [False])
    assert before.appearance is not after.appearance
