"""What the sender does about its own picture, in the background of the motion.

It renders what the other side sees, and sends a better source, or where that one shows things.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from confapp.call.call_session import CallSession
from confapp.media.video_frame import RgbImage
from confapp.newest_slot import NewestSlot
from models.talking_head import TalkingHead
from sender.flow_calibration import FlowCalibration
from sender.source_photo import SourcePhoto
from sender.source_watch import SeenFrame, SourceCheck, SourceWatch

BUDGET_BYTES = 6000  # half of a first photo's, for 4 % of its LPIPS
PIECE_EVERY_S = 0.25  # 32 kbit/s for two seconds
LEAST_INTERVAL_S = 15.0  # from one refresh to the next
READY_S = 30.0  # that the other side may take
LEARN_EVERY_MS = 500


@dataclass(slots=True)
class RefreshStatistics:
    """What became of the source while motion went on.

    Attributes:
        checks: how often this side looked whether another source would be better.
        refreshes: sources that took the place of the one before.
        bytes: of their stills.
        frames_learned: frames that told where the other side's pictures show things.
        corrections: what was sent of that.
        correction_bytes: of these, before base64.
    """

    checks: int = 0
    refreshes: int = 0
    bytes: int = 0
    frames_learned: int = 0
    corrections: int = 0
    correction_bytes: int = 0


def refreshed_photo(view: RgbImage) -> SourcePhoto:
    """A view as it travels in the midst of motion."""
    return SourcePhoto.of_view(view, BUDGET_BYTES)


class SourceRefresher:
    """Watches one stream, sends what explains it better, and what corrects its pictures.

    Args:
        head: the model.
        photo: the source that the stream begins with.
        thread: renders, apart from the one that encodes motion.
        statistics: what is counted goes there.
        clock: seconds.

    Attributes:
        sending: a source is on its way.
    """

    def __init__(
        self,
        head: TalkingHead,
        photo: SourcePhoto,
        thread: ThreadPoolExecutor,
        *,
        statistics: RefreshStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._head = head
        self._statistics = statistics
        self._watch = SourceWatch(head, photo.rgb)
        self._thread = thread
        self._clock = clock
        self._due: NewestSlot[SourceCheck] = NewestSlot()
        self._lessons: NewestSlot[SeenFrame] = NewestSlot()
        self._next_lesson_ms = LEARN_EVERY_MS
        self._newest_ms = 0
        self._calibration: FlowCalibration | None = None
        self.sending = False

    @property
    def waiting(self) -> bool:
        """A check is due."""
        return bool(self._due.waiting)

    def see(self, frame: SeenFrame, *, spare: bool) -> None:
        """Take a frame in that was encoded.

        Args:
            spare: machine and link have room for more than motion.
        """
        self._newest_ms = frame.motion.timestamp_ms
        check = self._watch.see(frame)
        if check is not None and spare:
            self._due.put(check)
        if self._newest_ms >= self._next_lesson_ms and spare:
            self._next_lesson_ms = self._newest_ms + LEARN_EVERY_MS
            self._lessons.put(frame)

    async def run(self, call: CallSession) -> None:
        """Refresh and correct until the task is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh(call))
            tasks.create_task(self._correct(call))

    async def _refresh(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        sent_at = float("-inf")
        while (check := await self._due.take()) is not None:
            if self._clock() - sent_at < LEAST_INTERVAL_S:
                continue
            self._statistics.checks += 1
            view = await loop.run_in_executor(self._thread, self._watch.check, check)
            if view is not None:
                self.sending = True
                photo = await loop.run_in_executor(self._thread, refreshed_photo, view)
                await self._send(call, photo)
                sent_at = self._clock()
                self.sending = False

    async def _correct(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        while (frame := await self._lessons.take()) is not None:
            # What was begun before is done before the other source is sent, on the same thread.
            if self.sending or not call.peer.takes_corrections:
                continue
            code = await loop.run_in_executor(self._thread, self._learn, frame)
            if code is not None:
                call.send_correction(code)
                self._statistics.corrections += 1
                self._statistics.correction_bytes += len(code)

    def _learn(self, frame: SeenFrame) -> bytes | None:
        """What a frame tells; a correction where it is worth its bytes."""
        if self._calibration is None:
            self._calibration = FlowCalibration(self._head, self._watch.appearance())
        calibration = self._calibration
        if not calibration.learn(frame):
            return None
        self._statistics.frames_learned += 1
        return calibration.tell()

    async def _send(self, call: CallSession, photo: SourcePhoto) -> None:
        try:
            async with asyncio.timeout(READY_S):
                ready = await call.send_refresh(photo.still, PIECE_EVERY_S)
        except TimeoutError:
            return
        if ready:
            call.use_refresh(self._newest_ms + 1)
            self._watch.replace(photo.rgb)
            self._calibration = None  # another source, other errors
            self._statistics.refreshes += 1
            self._statistics.bytes += len(photo.still)
