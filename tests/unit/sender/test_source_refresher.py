"""A better source on its way while motion goes on."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import cast

import numpy as np
import pytest
from counting_learner import CountingLearner, frames_told
from fake_call import FakeCall

from confapp.call.call_session import CallSession
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from models.flow_correction import FlowCorrection
from models.talking_head import TalkingHead
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

    def see(self, *, spare: bool = True, checks: float = 1) -> int:
        """Frames until the next check is due, or a part of them; the last one's timestamp."""
        for _ in range(round(2 * checks)):
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


@pytest.fixture
def learners(monkeypatch: pytest.MonkeyPatch) -> list[CountingLearner]:
    CountingLearner.made.clear()
    monkeypatch.setattr(source_refresher, "FlowCalibration", CountingLearner)
    return CountingLearner.made


async def learn(stage: Stage, frames: int) -> None:
    """Frames far enough apart for each of them to be learned from."""
    for _ in range(frames):
        learned = stage.statistics.frames_learned
        stage.see(checks=0.5)
        await stage.call.until(lambda n=learned: stage.statistics.frames_learned > n)  # type: ignore[misc]


def told(call: FakeCall) -> list[int]:
    """From how many frames each correction that went out was learned."""
    return [frames_told(FlowCorrection.from_bytes(code)) for code in call.corrections]


async def test_what_is_worth_telling_goes_out(
    head: TalkingHead, learners: list[CountingLearner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SourceWatch, "check", lambda *_: None)
    stage = Stage(head, FakeCall())
    async with stage.running():
        stage.see(checks=0.5)  # motion begins
        await learn(stage, 13)
        await stage.call.until(lambda: len(stage.call.corrections) == 3)
    assert told(stage.call) == [4, 8, 12]
    counted = stage.statistics
    assert counted.corrections == 3
    assert counted.correction_bytes == sum(map(len, stage.call.corrections))
    assert len(learners) == 1


async def test_another_source_is_corrected_anew(
    head: TalkingHead, learners: list[CountingLearner]
) -> None:
    stage = Stage(head, FakeCall())
    async with stage.running():
        stage.see()
        await stage.call.until(lambda: stage.statistics.refreshes == 1)
        before = len(learners)
        await learn(stage, 4)  # too early for another source
        await stage.call.until(lambda: bool(stage.call.corrections))
    assert told(stage.call) == [4]
    assert len(learners) == before + 1
    assert len({id(one.appearance) for one in learners}) == len(learners)


@pytest.mark.parametrize("spare", [True, False])
async def test_nothing_is_learned_for_who_does_not_take_it_or_without_room(
    head: TalkingHead, learners: list[CountingLearner], spare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SourceWatch, "check", lambda *_: None)
    call = FakeCall()
    call.peer = call.peer.model_copy(update={"takes_corrections": not spare})
    stage = Stage(head, call)
    async with stage.running():
        for _ in range(6):
            stage.see(spare=spare)
        await asyncio.sleep(0)
        await call.until(lambda: not stage.refresher.waiting)
    assert not learners
    assert not call.corrections
