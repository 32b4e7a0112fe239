"""The sending side of a call: capture -> frame -> encode -> send."""

import asyncio
import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from confapp.call.call_session import CallSession
from confapp.codec import HEADER_BYTES, PaperCodec
from confapp.media.frame_source import FrameSource
from confapp.media.framing import FaceFraming, FramedView
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage, VideoFrame
from confapp.motion_frame import MotionFrame
from confapp.newest_slot import NewestSlot
from models.talking_head import TalkingHead
from sender.source_photo import SourcePhoto


class FaceState(StrEnum):
    """What the person in front of the camera should know."""

    FOUND = "found"
    LOST = "lost"


@dataclass(slots=True)
class SenderStatistics:
    """Frames at each stage of the sending side.

    Attributes:
        captured: frames that the camera or clip gave.
        skipped: captured frames that a newer one replaced before they were encoded.
        without_face: frames in which the last motion was held.
        sent: packets handed to the channel.
        refused: packets that a backed-up channel did not take.
        source_bytes: the coded photo.
        payload_bytes: coded motion of the packets sent, without headers.
        first_timestamp_ms: capture time of the first frame encoded.
    """

    captured: int = 0
    skipped: int = 0
    without_face: int = 0
    sent: int = 0
    refused: int = 0
    source_bytes: int = 0
    payload_bytes: int = 0
    first_timestamp_ms: int | None = None


class SenderSession:
    """Sends one person's motion for the length of a call.

    Camera and networks each have a thread; the event loop only passes frames on. Between the
    stages the newest frame wins.

    Args:
        head: the model.
        codec: the coder, with the tables that the handshake named.
        frames: the camera, or a clip in its place; closed at the end.
        photo: the source photo; None to take the first frame with a face.
        recorder: keeps the framed pictures with their capture times.
        on_began: told once, when the other side is ready and motion begins.
        on_face: told when the face is lost and found again, on the networks' thread.
        clock: seconds, the same clock as the call's.
    """

    def __init__(
        self,
        head: TalkingHead,
        codec: PaperCodec,
        frames: FrameSource,
        *,
        photo: SourcePhoto | None = None,
        recorder: Recorder | None = None,
        on_began: Callable[[], None] | None = None,
        on_face: Callable[[FaceState], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.statistics = SenderStatistics()
        self._head = head
        self._codec = codec
        self._frames = frames
        self._framing = FaceFraming(head.config.image_size)
        self._photo = photo
        self._recorder = recorder
        self._on_began = on_began
        self._on_face = on_face
        self._clock = clock
        self._captured: NewestSlot[VideoFrame] = NewestSlot()
        self._origin: float | None = None
        self._face = FaceState.FOUND
        self._held: MotionFrame | None = None
        self._camera_thread = ThreadPoolExecutor(1, thread_name_prefix="camera")
        self._network_thread = ThreadPoolExecutor(1, thread_name_prefix="sender-networks")

    async def run(self, call: CallSession) -> None:
        """Send until the frames end or the task is cancelled.

        Raises:
            ConfappError: the camera or clip broke.
        """
        capture = asyncio.create_task(self._capture())
        try:
            if await self._send_source(call):
                await self._send_motion(call)
            await capture
        finally:
            self._frames.close()
            capture.cancel()
            await asyncio.gather(capture, return_exceptions=True)
            for thread in (self._camera_thread, self._network_thread):
                await asyncio.to_thread(thread.shutdown)

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
                if self._origin is None:
                    self._origin = at - frame.timestamp_ms / 1000
                self.statistics.captured += 1
                self._captured.put(frame)
                self.statistics.skipped = self._captured.replaced
        finally:
            self._captured.close()

    async def _send_source(self, call: CallSession) -> bool:
        """Send the photo, or the first frame with a face; False when there will be no motion."""
        loop = asyncio.get_running_loop()
        photo = self._photo
        while (frame := await self._captured.take()) is not None:
            if photo is None:
                photo = await loop.run_in_executor(self._network_thread, self._photo_of, frame.rgb)
            if photo is not None and self._origin is not None:
                self.statistics.source_bytes = len(photo.still)
                call.send_source(photo.still, self._origin)
                return await call.wait_source_ready()
        return False

    async def _send_motion(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        if self._on_began is not None:
            self._on_began()
        number = 0
        while (frame := await self._captured.take()) is not None:
            packet = await loop.run_in_executor(self._network_thread, self._encode, frame, number)
            if packet is None:
                continue
            if number == 0:
                self.statistics.first_timestamp_ms = frame.timestamp_ms
            number += 1
            payload_bytes = len(packet) - HEADER_BYTES
            if call.send_motion(packet, payload_bytes):
                self.statistics.sent += 1
                self.statistics.payload_bytes += payload_bytes
            else:
                self.statistics.refused += 1

    # On the networks' thread

    def _photo_of(self, rgb: RgbImage) -> SourcePhoto | None:
        view = self._view(rgb)
        return SourcePhoto.of_view(view.rgb) if view.face and view.rgb is not None else None

    def _encode(self, frame: VideoFrame, number: int) -> bytes | None:
        """The packet of a frame; None as long as no face was ever seen."""
        view = self._view(frame.rgb)
        if view.rgb is None:
            return None
        if view.face:
            self._held = self._head.encode_motion(view.rgb, frame.timestamp_ms)
        elif self._held is not None:
            self._held = dataclasses.replace(self._held, timestamp_ms=frame.timestamp_ms)
        if self._recorder is not None:
            self._recorder.write(view.rgb, frame.timestamp_ms)
        return self._codec.encode(self._held, number) if self._held is not None else None

    def _view(self, rgb: RgbImage) -> FramedView:
        view = self._framing.frame(rgb)
        state = FaceState.FOUND if view.face else FaceState.LOST
        if state is FaceState.LOST:
            self.statistics.without_face += 1
        if state is not self._face and self._on_face is not None:
            self._on_face(state)
        self._face = state
        return view
