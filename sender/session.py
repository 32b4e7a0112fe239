"""The sending side of a call: capture -> frame -> encode -> send."""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

from confapp.call.call_session import CallSession
from confapp.codec import MotionCodec
from confapp.errors import ConfappError
from confapp.frame_rate_limit import FrameRateLimit
from confapp.media.frame_source import FrameSource
from confapp.media.framing import FaceFraming, FramedView
from confapp.media.recorder import Recorder
from confapp.media.video_frame import VideoFrame
from confapp.motion_frame import MotionFrame
from confapp.newest_slot import NewestSlot
from models.talking_head import TalkingHead
from sender.bundler import Bundler
from sender.rate_control import LADDER, RateControl
from sender.source_photo import SourcePhoto
from sender.source_refresher import RefreshStatistics, SourceRefresher
from sender.source_watch import SeenFrame

logger = logging.getLogger(__name__)

SOURCE_READY_S = 30.0  # of a call that stands, for the other side to prepare the photo
LOOK_S = 0.25  # how often it is looked whether the call stands
FACE_LOST_MS = 500  # without a face, before the person is told


class FaceState(StrEnum):
    """What the person in front of the camera should know."""

    FOUND = "found"
    LOST = "lost"


@dataclass(slots=True)
class SenderStatistics:
    """Frames at each stage of the sending side, from the first motion on.

    Attributes:
        captured: frames that the camera or clip gave.
        skipped: captured frames that a newer one replaced before they were encoded.
        without_face: frames in which the last motion was held.
        left_out: captured frames that a poor link has no room for.
        thinned: captured frames left out since the other side asked for fewer.
        sent: frames handed to the channel.
        messages: in which they travelled.
        refused: frames that a backed-up channel did not take.
        source_bytes: the coded photo.
        payload_bytes: coded motion of the frames sent, without headers.
        first_timestamp_ms: capture time of the first frame, on the stream.
        refresh: what became of the photo since.
    """

    captured: int = 0
    skipped: int = 0
    without_face: int = 0
    left_out: int = 0
    thinned: int = 0
    sent: int = 0
    messages: int = 0
    refused: int = 0
    source_bytes: int = 0
    payload_bytes: int = 0
    first_timestamp_ms: int | None = None
    refresh: RefreshStatistics = field(default_factory=RefreshStatistics)


class SenderSession:
    """Sends one person's motion for the length of a call.

    Camera and networks each have a thread; the event loop only passes frames on. Between the
    stages the newest frame wins.

    Args:
        head: the model.
        codec: the coder, with the tables that the handshake named.
        frames: the camera, or a clip in its place; closed at the end.
        photo: the source photo; None to take the first frame with a face. Nothing is sent before
            a face was seen, so that the stream's time begins with its motion.
        refreshes: send another photo where that one no longer explains what the camera sees, and
            what corrects the other side's pictures.
        recorder: keeps the framed pictures with their capture times.
        on_began: told once, when the other side is ready and motion begins.
        on_face: told when the face is lost and found again, on the networks' thread.
        clock: seconds, the same clock as the call's.
    """

    def __init__(
        self,
        head: TalkingHead,
        codec: MotionCodec,
        frames: FrameSource,
        *,
        photo: SourcePhoto | None = None,
        refreshes: bool = True,
        recorder: Recorder | None = None,
        on_began: Callable[[], None] | None = None,
        on_face: Callable[[FaceState], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.statistics = SenderStatistics()
        self._head = head
        self._codec = codec
        self._encoder = codec.encoder()
        self._rate = RateControl(clock)
        self._bundler = Bundler(codec.max_frames, self._rate.rung.delay_ms)
        self._frames = frames
        self._framing = FaceFraming(head.config.image_size)
        self._photo = photo
        self._sent_photo: SourcePhoto | None = None
        self._refreshes = refreshes
        self._recorder = recorder
        self._on_began = on_began
        self._on_face = on_face
        self._clock = clock
        self._captured: NewestSlot[VideoFrame] = NewestSlot()
        self._replaced_before = 0
        self._retaken = False
        self._began = False
        self._camera_origin = 0.0  # on the clock, at the camera's timestamp 0
        self._start_ms = 0  # the camera's timestamp at the stream's timestamp 0
        self._face = FaceState.FOUND
        self._face_seen_ms = 0
        self._held: MotionFrame | None = None
        self._camera_thread = ThreadPoolExecutor(1, thread_name_prefix="camera")
        self._network_thread = ThreadPoolExecutor(1, thread_name_prefix="sender-networks")
        self._watch_thread = ThreadPoolExecutor(1, thread_name_prefix="source-watch")
        self._refresher: SourceRefresher | None = None
        self._skipped_before = 0
        self._limit = FrameRateLimit()

    # Handlers of the call

    def on_delivered(self, message: bytes) -> None:
        """The other side has a motion message: later ones may be told from it."""
        self._encoder.acknowledge(message)
        self._rate.on_delivered(message)

    def on_key_request(self) -> None:
        """The other side misses what motion is told from."""
        self._encoder.begin_anew()

    async def run(self, call: CallSession) -> None:
        """Send until the frames end or the task is cancelled.

        Raises:
            ConfappError: the camera or clip broke, or `source-refused`.
        """
        capture = asyncio.create_task(self._capture())
        try:
            while await self._send_source(call) and await self._wait_ready(call, capture):
                if not await self._send_stream(call):
                    break
            await capture
        finally:
            self._frames.close()
            capture.cancel()
            await asyncio.gather(capture, return_exceptions=True)
            for thread in (self._camera_thread, self._network_thread, self._watch_thread):
                await asyncio.to_thread(thread.shutdown)

    def retake(self, photo: SourcePhoto) -> None:
        """Send another photo; the picture stands still until the other side is ready with it.

        On the event loop.
        """
        self._photo = photo
        self._retaken = True

    async def _capture(self) -> None:
        loop = asyncio.get_running_loop()
        frames = self._frames.frames()

        def next_frame() -> tuple[VideoFrame | None, float]:
            return next(frames, None), self._clock()

        try:
            while True:
                frame, at = await loop.run_in_executor(self._camera_thread, next_frame)
                if frame is None:
                    return
                self._camera_origin = at - frame.timestamp_ms / 1000
                self.statistics.captured += 1
                self._captured.put(frame)
                self.statistics.skipped = self._captured.replaced - self._replaced_before
        finally:
            self._captured.close()

    async def _send_source(self, call: CallSession) -> bool:
        """Send the photo with the first frame that has a face; False when none had."""
        loop = asyncio.get_running_loop()
        self._retaken = False
        while (frame := await self._captured.take()) is not None:
            photo = await loop.run_in_executor(self._network_thread, self._begin, frame)
            if photo is not None:
                self.statistics.source_bytes = len(photo.still)
                self._sent_photo = photo
                origin = self._camera_origin + self._start_ms / 1000
                call.send_source(photo.still, origin, live=photo.live)
                return True
        return False

    async def _wait_ready(self, call: CallSession, capture: asyncio.Task[None]) -> bool:
        """Whether the other side can animate the photo; a camera that breaks ends the wait."""
        ready = asyncio.create_task(call.wait_source_ready())
        patience_s = SOURCE_READY_S
        try:
            while not ready.done() and patience_s > 0:
                look_s = min(LOOK_S, patience_s)
                waited = {ready} if capture.done() else {ready, capture}
                await asyncio.wait(waited, timeout=look_s, return_when=asyncio.FIRST_COMPLETED)
                if capture.done():
                    capture.result()
                if call.state.stands:  # while another connection is made, no photo gets through
                    patience_s -= look_s
            if ready.done():
                return ready.result()
            raise ConfappError(
                "source-refused",
                "The other side did not take the photo: choose another one with --source.",
            )
        finally:
            ready.cancel()

    async def _send_stream(self, call: CallSession) -> bool:
        """Send motion, and a better photo beside it; True when there is another to begin with."""
        self._begin_stream()
        photo = self._sent_photo
        if not self._refreshes or photo is None or not photo.live:  # a chosen photo stays
            return await self._send_motion(call)
        self._refresher = SourceRefresher(
            self._head,
            photo,
            self._watch_thread,
            statistics=self.statistics.refresh,
            clock=self._clock,
        )
        refreshing = asyncio.create_task(self._refresher.run(call))
        try:
            return await self._send_motion(call)
        finally:
            self._refresher = None
            refreshing.cancel()
            (failure,) = await asyncio.gather(refreshing, return_exceptions=True)
            if isinstance(failure, Exception):
                logger.error("the source is refreshed and corrected no more", exc_info=failure)

    async def _send_motion(self, call: CallSession) -> bool:
        """Send until the frames end; True when there is another photo to begin with."""
        loop = asyncio.get_running_loop()
        number = 0
        while (frame := await self._captured.take()) is not None:
            if self._retaken:
                return True
            if self.statistics.first_timestamp_ms is None:
                self.statistics.first_timestamp_ms = frame.timestamp_ms - self._start_ms
            number += 1
            if number % self._rate.rung.every:
                self.statistics.left_out += 1
                continue
            if not self._limit.takes(frame.timestamp_ms, call.max_fps):
                self.statistics.thinned += 1
                continue
            motion, seen = await loop.run_in_executor(self._network_thread, self._encode, frame)
            if seen is not None:
                self._watch(call, seen)
            if bundle := self._bundler.add(motion):
                self._send_bundle(call, bundle)
        if bundle := self._bundler.take():
            self._send_bundle(call, bundle)
        return False

    def _watch(self, call: CallSession, frame: SeenFrame) -> None:
        """Let the refresher see a frame; it works where machine and link have room for more."""
        if self._refresher is None:
            return
        skipped = self.statistics.skipped
        in_time = skipped == self._skipped_before and call.statistics.max_fps is None
        spare = in_time and self._rate.rung is LADDER[0]
        self._skipped_before = skipped
        self._refresher.see(frame, spare=spare)

    def _begin_stream(self) -> None:
        """Each photo begins a stream of its own, numbered and timed from nothing."""
        self._encoder = self._codec.encoder()
        self._encoder.level = self._rate.rung.level
        self._bundler = Bundler(self._codec.max_frames, self._rate.rung.delay_ms)
        if self._began:
            return
        self._began = True
        self.statistics = SenderStatistics(
            captured=self._captured.waiting, source_bytes=self.statistics.source_bytes
        )
        self._replaced_before = self._captured.replaced
        if self._on_began is not None:
            self._on_began()

    def _send_bundle(self, call: CallSession, bundle: list[MotionFrame]) -> None:
        message = self._encoder.encode(bundle)
        payload_bytes = len(message) - self._codec.header_bytes
        accepted = call.send_motion(message, payload_bytes)
        if accepted:
            self.statistics.sent += len(bundle)
            self.statistics.messages += 1
            self.statistics.payload_bytes += payload_bytes
        else:
            self.statistics.refused += len(bundle)
        self._rate.on_sent(message, accepted=accepted)
        self._encoder.level = self._rate.rung.level
        self._encoder.repeats = call.loses_much
        self._bundler.delay_ms = self._rate.delay_ms(twice=self._encoder.repeats)

    # On the networks' thread

    def _begin(self, frame: VideoFrame) -> SourcePhoto | None:
        """The photo, and where the stream's time begins; None for a frame without a face."""
        view = self._view(frame)
        if not view.face or view.rgb is None:
            return None
        self._start_ms = frame.timestamp_ms
        self._held = self._head.encode_motion(view.rgb, 0)
        return self._photo or SourcePhoto.of_view(view.rgb)

    def _encode(self, frame: VideoFrame) -> tuple[MotionFrame, SeenFrame | None]:
        """What travels of a frame, and what was seen; without a face the last motion, and None."""
        view = self._view(frame)
        timestamp_ms = frame.timestamp_ms - self._start_ms
        assert view.rgb is not None  # noqa: S101 (a face was seen before)
        assert self._held is not None  # noqa: S101 (since then)
        if view.face:
            self._held = self._head.encode_motion(view.rgb, timestamp_ms)
        else:
            self._held = dataclasses.replace(self._held, timestamp_ms=timestamp_ms)
        if self._recorder is not None:
            self._recorder.write(view.rgb, timestamp_ms)
        return self._held, SeenFrame(view.rgb, self._held) if view.face else None

    def _view(self, frame: VideoFrame) -> FramedView:
        view = self._framing.frame(frame.rgb)
        if view.face:
            self._face_seen_ms = frame.timestamp_ms
        else:
            self.statistics.without_face += 1
        lost = frame.timestamp_ms - self._face_seen_ms >= FACE_LOST_MS
        state = FaceState.LOST if lost else FaceState.FOUND
        if state is not self._face and self._on_face is not None:
            self._on_face(state)
        self._face = state
        return view
