"""The receiving side of a call: receive -> order -> decode -> render -> show."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from confapp.call.call_session import CallSession
from confapp.call.source_exchange import SourcePhoto
from confapp.codec import MissingReferenceError, MotionCodec
from confapp.errors import ConfappError
from confapp.media.still import decode_still
from confapp.motion_frame import MotionFrame
from confapp.newest_slot import NewestSlot
from confapp.pose_offset import PoseOffset
from models.flow_correction import FlowCorrection, departure
from models.talking_head import TalkingHead
from receiver.eased_correction import EasedCorrection
from receiver.motion_playout import MotionPlayout
from receiver.motion_smoothing import MotionSmoothing
from receiver.packet_recorder import PacketRecorder
from receiver.photo_cache import PhotoCache
from receiver.quality_step import QualityStep
from receiver.rendered_frame import RenderedFrame
from receiver.sized_renderer import WHOLE, SizedRenderer, SizedSource

logger = logging.getLogger(__name__)

TICK_S = 0.001  # timers may be early by so much
TRIALS = 2  # pictures before the first frame, of which the faster one tells the time of one
KEY_REQUEST_S = 0.25  # between two, for the first to be heard


@dataclass(slots=True)
class ReceiverStatistics:
    """Frames at each stage of the receiving side.

    Attributes:
        received: frames that could be decoded.
        late: decoded frames that came after a newer one was shown.
        skipped: frames that a newer one replaced before they were rendered.
        thinned: frames left out by the quality step, beyond those that the sender left out for it.
        rendered: pictures shown.
        quality_step: where the quality stands, 0 is the best; see `QualityStep`.
        steps_down: how often the machine was too slow for a step.
        extrapolated: pictures shown in place of motion that did not come.
        photos_refused: photos of the other side that could not be used.
        refreshed: better photos that took the place of the one before while motion went on.
        corrections: of where pictures show things, that came from the sender.
        photos_kept: photos that were here since an earlier call, and were not sent.
        payload_bytes: coded motion of the frames received, without headers.
        key_requests: how often this side missed what motion was told from.
        latencies_ms: capture to rendered, for each picture since the clock offset is known.
        first_rendered, last_rendered: seconds on the call's clock.
        first_timestamp_ms: capture time of the first picture.
    """

    received: int = 0
    late: int = 0
    skipped: int = 0
    thinned: int = 0
    rendered: int = 0
    quality_step: int = 0
    steps_down: int = 0
    extrapolated: int = 0
    photos_refused: int = 0
    refreshed: int = 0
    corrections: int = 0
    photos_kept: int = 0
    payload_bytes: int = 0
    key_requests: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    first_rendered: float | None = None
    last_rendered: float | None = None
    first_timestamp_ms: int | None = None

    @property
    def fps(self) -> float:
        """Pictures a second between the first and the last."""
        if self.first_rendered is None or self.last_rendered is None or self.rendered < 2:
            return 0.0
        return round((self.rendered - 1) / (self.last_rendered - self.first_rendered), 2)


@dataclass(slots=True, eq=False)
class _Refresh:
    """A better photo, ready to be animated.

    Attributes:
        source: the photo.
        from_ms: timestamp of the first frame with it; None until the sender names one.
        correction: of its pictures.
    """

    source: SizedSource
    from_ms: int | None = None
    correction: EasedCorrection = field(default_factory=EasedCorrection)


class ReceiverSession:
    """Renders the remote person for the length of a call.

    The networks run on a thread of their own; between the stages the newest frame wins.

    Args:
        head: the model.
        codec: the coder, with the tables that the handshake named.
        show: takes each picture, on the networks' thread.
        offset: asked before each frame how far the viewer has turned the head.
        on_began: told once, with the first motion.
        earliest: when a picture may be shown at the earliest, in seconds on our clock, by the time
            of its capture on the sender's: beside its sound; None for at once.
        smooth: False shows motion as it was decoded: neither smoothed nor drawn out over holes.
        on_shown: told when a picture was captured, in seconds on the sender's clock, and shown, on
            ours.
        packets: keeps the photo and every packet.
        cache: keeps photos from call to call; None where this side does not say that it does.
        clock: seconds, the same clock as the call's.
    """

    def __init__(
        self,
        head: TalkingHead,
        codec: MotionCodec,
        show: Callable[[RenderedFrame], None],
        *,
        offset: Callable[[], PoseOffset] = PoseOffset,
        on_began: Callable[[], None] | None = None,
        earliest: Callable[[float], float | None] = lambda _: None,
        smooth: bool = True,
        on_shown: Callable[[float, float], None] | None = None,
        packets: PacketRecorder | None = None,
        cache: PhotoCache | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.statistics = ReceiverStatistics()
        self._size = head.config.image_size
        self._codec = codec
        self._show = show
        self._offset = offset
        self._on_began = on_began
        self._on_shown = on_shown
        self._picture_due = earliest
        self._packets = packets
        self._cache = cache
        self._clock = clock
        self._quality = QualityStep()
        self._renderer = SizedRenderer(head)
        self._announced: NewestSlot[str] = NewestSlot()
        self._photos: NewestSlot[SourcePhoto] = NewestSlot()
        self._better_photos: NewestSlot[bytes] = NewestSlot()
        self._refresh: _Refresh | None = None
        self._correction = EasedCorrection()  # of the source that is shown
        self._told = self._correction  # of the source that the sender named last
        self._kept: EasedCorrection | None = None  # of the photo that `packets` has
        self._motions: NewestSlot[MotionFrame] = NewestSlot()
        self._decoder = codec.decoder()
        self._call: CallSession | None = None
        self._key_requested_at = float("-inf")
        self._read_at = clock()
        self._arrived = asyncio.Event()
        self._playout = MotionPlayout(self._earliest, extrapolates=smooth)
        self._made_up: MotionFrame | None = None  # the last one
        self._smoothing = MotionSmoothing() if smooth else None
        self._source: SizedSource | None = None
        self._share = WHOLE  # of the last picture
        self._preparing: asyncio.Task[None] | None = None
        self._origin = 0.0
        self._network_thread = ThreadPoolExecutor(1, thread_name_prefix="receiver-networks")

    # Handlers of the call; a ConfappError counts the message as malformed

    def on_source_announced(self, sha256: str) -> None:
        """The remote person's photo has this hash; it is looked for off the event loop."""
        self._announced.put(sha256)
        self._told = EasedCorrection()

    def on_source(self, photo: SourcePhoto) -> None:
        """Take the remote person's photo; it is looked into off the event loop."""
        self._photos.put(photo)

    def on_refresh(self, still: bytes) -> None:
        """Take a better photo of the remote person, to be used when the sender says so."""
        self._better_photos.put(still)

    def on_refresh_use(self, timestamp_ms: int) -> None:
        """The first frame that is to be seen with the better photo."""
        if self._refresh is not None:
            self._refresh.from_ms = timestamp_ms
            self._told = self._refresh.correction

    def on_correction(self, code: bytes) -> None:
        """Take what the sender learned of its pictures from the last photo that it named.

        Raises:
            ConfappError: `correction-unreadable`.
        """
        try:
            correction = FlowCorrection.from_bytes(code)
        except ValueError as error:
            raise ConfappError("correction-unreadable", str(error)) from error
        self._told.take(correction)
        self.statistics.corrections += 1
        if self._packets is not None and self._told is self._kept:
            self._packets.write_correction(code)

    def on_motion(self, message: bytes, _arrival: float) -> None:
        """Take a packet.

        Raises:
            PacketError: it cannot be decoded.
        """
        arrival = self._clock()
        try:
            frames = self._decoder.read(message, round((arrival - self._read_at) * 1000))
        except MissingReferenceError:
            self._request_key()
            raise
        if self.statistics.received == 0 and self._on_began is not None:
            self._on_began()
        self.statistics.received += len(frames)
        self.statistics.payload_bytes += len(message) - self._codec.header_bytes
        self._read_at = arrival
        for number, motion in frames:
            self._playout.put(number, motion, arrival)
        self._arrived.set()
        self._count_playout()
        if self._packets is not None:
            self._packets.write(message)

    def _request_key(self) -> None:
        now = self._clock()
        if self._call is not None and now - self._key_requested_at >= KEY_REQUEST_S:
            self._key_requested_at = now
            self.statistics.key_requests += 1
            self._call.request_key()

    def _count_playout(self) -> None:
        self.statistics.late = self._playout.late
        self.statistics.skipped = self._motions.replaced + self._playout.skipped

    async def _pace(self) -> None:
        """Pass frames on when they are due."""
        while True:
            made_up = self._playout.extrapolated
            motion = self._playout.take(self._clock())
            if motion is not None:
                motion = self._smoothing.smooth(motion) if self._smoothing else motion
                if self._playout.extrapolated > made_up:
                    self._made_up = motion
                self._motions.put(motion)
                self._count_playout()
            self._arrived.clear()
            wait_s = self._playout.wait_s(self._clock()) + TICK_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # wait_for may swallow a cancellation
                    await self._arrived.wait()

    async def run(self, call: CallSession) -> None:
        """Render until the task is cancelled.

        Raises:
            ConfappError: what `show` raises (a recording that cannot be written, say).
        """
        self._call = call
        work = [
            asyncio.create_task(self._look_up_sources(call)),
            asyncio.create_task(self._prepare_sources(call)),
            asyncio.create_task(self._prepare_refreshes(call)),
            asyncio.create_task(self._pace()),
            asyncio.create_task(self._render(call)),
        ]
        try:
            await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            if self._preparing is not None:
                work.append(self._preparing)
            await asyncio.gather(*work, return_exceptions=True)
            await asyncio.to_thread(self._network_thread.shutdown)

    async def _look_up_sources(self, call: CallSession) -> None:
        if self._cache is None:
            return  # the photo comes by itself
        while (sha256 := await self._announced.take()) is not None:
            call.answer_source(sha256, await asyncio.to_thread(self._cache.get, sha256))

    async def _prepare_sources(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        while (photo := await self._photos.take()) is not None:
            try:
                source = await loop.run_in_executor(
                    self._network_thread, self._source_of, photo.still
                )
            except ConfappError as error:
                logger.warning("the other side's photo is not used: %s", error.message)
                self.statistics.photos_refused += 1
                continue
            if self._source is None:
                await loop.run_in_executor(self._network_thread, self._begin_quality, source)
                self._ask_pace(call)
            self._source, self._origin = source, photo.stream_origin
            self._refresh, self._correction = None, self._told
            self._decoder = self._codec.decoder()
            self._playout.restart()
            if self._packets is not None:
                self._packets.begin(photo.still)
                self._kept = self._kept or self._told
            call.send_source_ready(photo.sha256)
            self.statistics.photos_kept += photo.kept
            if self._cache is not None and not photo.kept:
                await asyncio.to_thread(self._cache.put, photo.still)

    async def _prepare_refreshes(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        while (still := await self._better_photos.take()) is not None:
            stream = self._decoder
            try:
                source = await loop.run_in_executor(self._network_thread, self._source_of, still)
            except ConfappError as error:
                logger.warning("the other side's better photo is not used: %s", error.message)
                self.statistics.photos_refused += 1
                continue
            if stream is self._decoder:  # else another one has begun, with another photo
                self._refresh = _Refresh(source)
                call.send_refresh_ready(still)

    def _earliest(self, timestamp_ms: int) -> float | None:
        return self._picture_due(self._origin + timestamp_ms / 1000)

    def _source_of(self, still: bytes) -> SizedSource:
        """F and L on a photo from the network.

        Raises:
            ConfappError: it cannot be read, or has another size than the model's pictures.
        """
        rgb = decode_still(still)
        if rgb.shape != (self._size, self._size, 3):
            raise ConfappError(
                "still-size", f"the photo is {rgb.shape}, the model takes {self._size}"
            )
        return self._renderer.source(rgb)

    async def _render(self, call: CallSession) -> None:
        loop = asyncio.get_running_loop()
        while (motion := await self._motions.take()) is not None:
            source = self._source_at(motion.timestamp_ms)
            if source is None:
                continue
            if not self._quality.takes(motion.timestamp_ms):
                self.statistics.thinned = self._quality.thinned
                continue
            made_up = motion is self._made_up
            self._share = self._ready_share(source)
            done = await loop.run_in_executor(
                self._network_thread, self._render_one, source, self._correction, motion, made_up
            )
            self._ask_pace(call)
            captured_there = self._origin + motion.timestamp_ms / 1000
            if self._on_shown is not None:
                self._on_shown(captured_there, done)
            captured = call.local_time(captured_there)
            if captured is not None:
                self.statistics.latencies_ms.append((done - captured) * 1000)

    def _begin_quality(self, source: SizedSource) -> None:
        """Begin with the step that a trial says, on the networks' thread."""
        trials = []
        for _ in range(TRIALS):
            start = self._clock()
            self._renderer.render(source, source.own_motion, PoseOffset(), WHOLE)
            trials.append(self._clock() - start)
        self._quality.begin(min(trials))

    def _ask_pace(self, call: CallSession) -> None:
        if self._packets is None:  # a recording keeps every frame
            call.request_max_fps(self._quality.max_fps)

    def _ready_share(self, source: SizedSource) -> float:
        """The size of the next picture: the quality step's, once it is made ready beside the call.

        Raises:
            RuntimeError: it could not be made ready.
        """
        if self._preparing is not None and self._preparing.done():
            self._preparing.result()
            self._preparing = None
        asked = self._quality.share
        if asked in source.appearances:
            return asked
        if self._preparing is None:
            prepared = asyncio.to_thread(self._renderer.prepare, source, asked)
            self._preparing = asyncio.create_task(prepared)
        return self._share if self._share in source.appearances else WHOLE

    def _source_at(self, timestamp_ms: int) -> SizedSource | None:
        """What a frame is rendered from; the better photo takes over with the frame named."""
        refresh = self._refresh
        if refresh and refresh.from_ms is not None and timestamp_ms >= refresh.from_ms:
            self._source, self._correction, self._refresh = refresh.source, refresh.correction, None
            self.statistics.refreshed += 1
        return self._source

    def _render_one(
        self,
        source: SizedSource,
        correction: EasedCorrection,
        motion: MotionFrame,
        made_up: bool,
    ) -> float:
        """Render, show and count, on the networks' thread; when it was done."""
        start = self._clock()
        offset = self._offset()
        rgb = self._renderer.render(source, motion, offset, self._share)
        at = departure(source.own_motion, motion, offset)
        rgb = correction.corrected(rgb, at, motion.timestamp_ms)
        self._show(RenderedFrame(rgb, motion.timestamp_ms))
        done = self._clock()
        if self._share == self._quality.share:
            self._quality.rendered(start, done)
        statistics = self.statistics
        statistics.quality_step, statistics.steps_down = self._quality.step, self._quality.downs
        if statistics.first_rendered is None:
            statistics.first_rendered = done
            statistics.first_timestamp_ms = motion.timestamp_ms
        statistics.last_rendered = done
        statistics.rendered += 1
        statistics.extrapolated += made_up
        return done
