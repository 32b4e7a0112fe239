"""One person's end of a call: the session, and what they send and receive in it."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from confapp import __version__
from confapp.call.call_handlers import CallHandlers, CallState, EndReason, StateReason
from confapp.call.call_session import CallSession
from confapp.call.control_message import RecordingStep
from confapp.call.hello import Hello
from confapp.call.peer_link import LinkOptions
from confapp.call.source_exchange import SourcePhoto as ReceivedPhoto
from confapp.call_frames import open_frames
from confapp.call_notices import (
    END_NOTICES,
    LIVE_AGAIN,
    PHOTO_KEPT,
    PHOTO_NOT_LIVE,
    SAFETY_CODE,
    STATE_NOTICES,
)
from confapp.call_report import INTERVAL_S, CallReport, CallReporter, ReportFile
from confapp.call_sound import open_sound, speaker_opener
from confapp.call_summary import CallSummary, kbps
from confapp.codec import MotionCodec
from confapp.doorbell import Doorbell
from confapp.errors import ConfappError
from confapp.loop_lag import LoopLag
from confapp.media.frame_source import FrameSource
from confapp.media.recorder import Recorder
from confapp.media.virtual_camera import VirtualCamera
from confapp.model_tables import tables_for
from confapp.page.page_session import CallAudience
from confapp.pose_offset import PoseOffset
from confapp.settings import CallSettings
from models.talking_head import TalkingHead
from receiver.packet_recorder import PacketRecorder
from receiver.photo_cache import PhotoCache, default_folder
from receiver.rendered_frame import RenderedFrame
from receiver.session import ReceiverSession
from receiver.sound_session import SoundReceiver
from sender.session import FaceState, SenderSession
from sender.sound_session import SoundSender
from sender.source_photo import SourcePhoto

RECORDING_FPS = Fraction(25)  # nominal; frames are written with their own times
FACE_NOTICES = {
    FaceState.LOST: "No face in the picture: the other side sees nothing new of you.",
    FaceState.FOUND: "Your face is in the picture.",
}


@dataclass(frozen=True, slots=True)
class _WireCount:
    """What the call had sent and received at a time."""

    at: float
    sent: int
    received: int


class Participant:
    """One person in a room of two.

    Made before joining, so that a missing camera, clip, photo or weights file is said at once.

    Args:
        settings: what to send, show and keep.
        head: the model.
        sends, receives: which directions this end takes part in.
        notify: takes a sentence for the person, from any thread.
        frames: the camera, where somebody else has opened it; None to open what the settings name.
        photo: the source, in place of what the settings name.
        audience: who watches in place of a terminal and a window.
        virtual_camera: is shown each picture; whoever opened it closes it.

    Attributes:
        offset: how far the viewer has turned the remote head; set it from any thread.
        pictures: the newest rendered picture, for whoever shows it; at most one waits.
        microphone: this end's sound, to mute it and to see its level; None without.
        report: the figures of the last second; None before the call stood.
        safety_code: the words that both people should see alike; None before.

    Raises:
        ConfappError: something that the settings name is missing or cannot be used.
    """

    def __init__(
        self,
        settings: CallSettings,
        head: TalkingHead,
        *,
        sends: bool,
        receives: bool,
        notify: Callable[[str], None],
        frames: FrameSource | None = None,
        photo: SourcePhoto | None = None,
        audience: CallAudience | None = None,
        virtual_camera: VirtualCamera | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.offset = PoseOffset()
        self.pictures: deque[RenderedFrame] = deque(maxlen=1)
        self._settings = settings
        self._notify = notify
        self._clock = clock
        self._head = head
        self._codec = tables_for(head, settings.tables).codec(settings.codec)
        self._loop_lag = LoopLag(clock)
        self._call: CallSession | None = None
        self._end: EndReason | None = None
        self._wire_start: _WireCount | None = None
        self._wire_stop: _WireCount | None = None
        self.report: CallReport | None = None
        self.safety_code: str | None = None
        self._frames = frames
        self._photo = photo
        self._audience = audience
        self._virtual_camera = virtual_camera
        keeps_photos = receives and settings.keep_photos
        self._photo_cache = PhotoCache(default_folder()) if keeps_photos else None
        self._keeps = ExitStack()
        with ExitStack() as opened:
            codec = self._codec
            self._speaker = self._make_speaker() if receives else None
            self._receiver = self._make_receiver(codec, opened) if receives else None
            self._sender = self._make_sender(codec, opened, keeps=not receives) if sends else None
            self.microphone = self._make_microphone(opened) if sends else None
            self._report_file = ReportFile(settings.stats) if settings.stats else None
            if self._report_file is not None:
                opened.callback(self._report_file.close)
            self._keeps = opened.pop_all()

    def close(self) -> None:
        """Let the camera go and finish the recordings. May be called again."""
        self._keeps.close()

    def retake(self, photo: SourcePhoto) -> None:
        """Be animated from another photo from now on. On the event loop."""
        self._photo = photo
        if self._sender is not None:
            self._sender.retake(photo)

    def send_recording(self, step: RecordingStep) -> None:
        """Ask the other side whether it may be recorded, or answer it. On the event loop."""
        if self._call is not None:
            self._call.send_recording(step)

    async def run(self, room_url: str) -> CallSummary:
        """Hold the call until somebody leaves, the clip ends, or the task is cancelled.

        Raises:
            ConfappError: the room cannot be joined, the two ends do not fit together, the camera
                broke, or a recording cannot be written.
        """
        try:
            await self._hold(room_url)
        except asyncio.CancelledError:
            # hung up: the account of the call is still wanted
            if self._call is not None:
                self._end = self._end or EndReason.CLOSED
        finally:
            self.close()
        return self._summary()

    async def _hold(self, room_url: str) -> None:
        audience = self._audience
        doorbell = Doorbell(sys.stdin, self._notify)
        ring = doorbell.ring if sys.stdin.isatty() else None
        handlers = CallHandlers(
            on_lobby=lambda: self._say_state("Waiting for the host to let you in."),
            on_knock=ring if audience is None else audience.on_knock,
            on_waiting=lambda: self._say_state("Waiting for the other person."),
            on_live=self._on_live,
            on_state=self._on_state,
            on_safety_code=self._on_safety_code,
            on_sound=self._speaker.on_sound if self._speaker else None,
            on_sound_clock=self._speaker.sync.on_sound_clock if self._speaker else None,
            on_motion=self._receiver.on_motion if self._receiver else None,
            on_source_announced=self._receiver.on_source_announced if self._receiver else None,
            on_source=self._on_source if self._receiver else None,
            on_refresh=self._receiver.on_refresh if self._receiver else None,
            on_refresh_use=self._receiver.on_refresh_use if self._receiver else None,
            on_correction=self._receiver.on_correction if self._receiver else None,
            on_delivered=self._sender.on_delivered if self._sender else None,
            on_key_request=self._sender.on_key_request if self._sender else None,
            on_recording=None if audience is None else audience.on_recording,
            on_ended=self._on_ended,
        )
        hello = Hello(
            app=__version__,
            person=self._settings.name,
            sends=self._sender is not None,
            receives=self._receiver is not None,
            model_name=self._head.config.name,
            model_fingerprint=self._head.fingerprint,
            codec=self._codec.mode,
            tables_fingerprint=self._codec.fingerprint,
            keypoints=self._head.config.keypoints,
            takes_corrections=self._receiver is not None,
            keeps_photos=self._photo_cache is not None,
        )
        secret = self._settings.passphrase
        async with await CallSession.connect(
            room_url,
            hello,
            handlers,
            passphrase=secret.get_secret_value() if secret is not None else None,
            clock=self._clock,
            options=LinkOptions(relay_only=self._settings.relay_only),
        ) as call:
            work: set[asyncio.Task[object]] = {
                asyncio.create_task(call.wait_ended()),
                asyncio.create_task(self._loop_lag.run()),
            }
            beside = [asyncio.create_task(self._report(call))]
            if self.microphone is not None and call.can_send:
                beside.append(asyncio.create_task(self.microphone.run(call)))
            if self._speaker is not None and call.can_receive:
                beside.append(asyncio.create_task(self._speaker.run(call)))
            for task in beside:
                task.add_done_callback(self._on_beside_done)
            if self._sender is not None and call.can_send:
                work.add(asyncio.create_task(self._sender.run(call)))
            if self._receiver is not None and call.can_receive:
                work.add(asyncio.create_task(self._receiver.run(call)))
            try:
                done, _ = await asyncio.wait(
                    work, timeout=self._settings.seconds, return_when=asyncio.FIRST_COMPLETED
                )
                for ended in done:
                    ended.result()
            finally:
                self._wire_stop = self._wire_count(call)
                for running in (*work, *beside):
                    running.cancel()
                await asyncio.gather(*work, *beside, return_exceptions=True)

    def _make_receiver(self, codec: MotionCodec, opened: ExitStack) -> ReceiverSession:
        record = self._settings.record
        packets: PacketRecorder | None = None
        pictures: Recorder | None = None
        if record is not None and record.suffix == ".fvc":
            packets = PacketRecorder(record, self._head, codec)
            opened.callback(packets.close)
        elif record is not None:
            pictures = opened.enter_context(self._recorder(record))

        def show(frame: RenderedFrame) -> None:
            self.pictures.append(frame)
            if self._audience is not None:
                self._audience.on_picture(frame)
            if self._virtual_camera is not None:
                self._virtual_camera.show(frame.rgb)
            if pictures is not None:
                pictures.write(frame.rgb, frame.timestamp_ms)

        return ReceiverSession(
            self._head,
            codec,
            show,
            offset=lambda: self.offset,
            on_began=self._on_began,
            earliest=self._speaker.picture_due if self._speaker else lambda _: None,
            on_shown=self._speaker.on_picture if self._speaker else None,
            packets=packets,
            cache=self._photo_cache,
            clock=self._clock,
        )

    def _make_sender(self, codec: MotionCodec, opened: ExitStack, *, keeps: bool) -> SenderSession:
        settings = self._settings
        size = self._head.config.image_size
        photo = self._photo
        if photo is None and settings.source is not None:
            photo = SourcePhoto.of_file(settings.source, size)
        record = settings.record if keeps else None
        frames = self._frames = self._frames or open_frames(settings, self._clock)
        opened.callback(frames.close)
        return SenderSession(
            self._head,
            codec,
            frames,
            photo=photo,
            refreshes=settings.refresh,
            recorder=opened.enter_context(self._recorder(record)) if record else None,
            on_began=self._on_began,
            on_face=self._on_face,
            clock=self._clock,
        )

    def _make_microphone(self, opened: ExitStack) -> SoundSender | None:
        frames = self._frames

        def clip_started() -> float | None:
            return getattr(frames, "started", None)  # a camera has no such time

        sound = open_sound(self._settings, self._clock, clip_started, self._notify)
        if sound is None:
            return None
        opened.callback(sound.close)
        return SoundSender(sound)

    def _make_speaker(self) -> SoundReceiver | None:
        if self._settings.audio is False:
            return None
        return SoundReceiver(speaker_opener(self._settings, self._clock, self._notify))

    def _recorder(self, path: Path) -> Recorder:
        size = self._head.config.image_size
        return Recorder(path, (size, size), RECORDING_FPS)

    def _on_live(self, call: CallSession) -> None:
        self._call = call
        self._say_state("The call stands.", standing=True)
        if self._audience is not None:
            self._audience.on_peer(call.peer.person)

    def _on_source(self, photo: ReceivedPhoto) -> None:
        assert self._receiver is not None  # noqa: S101 (else nobody calls this)
        self._receiver.on_source(photo)
        if not photo.live:
            self._notify(PHOTO_NOT_LIVE)
        if photo.kept:
            self._notify(PHOTO_KEPT)
        if self._audience is not None:
            self._audience.on_peer_photo(photo.still, live=photo.live)

    def _on_state(self, _state: CallState, reason: StateReason) -> None:
        urgent = reason is not StateReason.NONE
        self._say_state(STATE_NOTICES.get(reason, LIVE_AGAIN), standing=True, urgent=urgent)

    def _on_safety_code(self, code: str) -> None:
        self.safety_code = code
        self._notify(SAFETY_CODE.format(code=code))
        if self._audience is not None:
            self._audience.on_safety_code(code)

    def _on_beside_done(self, task: asyncio.Task[None]) -> None:
        """Sound that breaks is told, and the picture goes on."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._notify(error.message if isinstance(error, ConfappError) else f"Sound: {error!r}")

    async def _report(self, call: CallSession) -> None:
        reporter = CallReporter(
            call,
            sender=self._sender,
            receiver=self._receiver,
            microphone=self.microphone,
            speaker=self._speaker,
            clock=self._clock,
        )
        while True:
            await asyncio.sleep(INTERVAL_S)
            self.report = reporter.report()
            if self._report_file is not None:
                self._report_file.write(self.report)

    def _on_ended(self, reason: EndReason) -> None:
        self._end = reason
        self._say_state(END_NOTICES[reason])

    def _say_state(self, sentence: str, *, standing: bool = False, urgent: bool = False) -> None:
        self._notify(sentence)
        if self._audience is not None:
            self._audience.on_state(sentence, standing=standing, urgent=urgent)

    def _on_face(self, state: FaceState) -> None:
        self._notify(FACE_NOTICES[state])
        if self._audience is not None:
            self._audience.on_remark(FACE_NOTICES[state])

    def _on_began(self) -> None:
        if self._wire_start is None and self._call is not None:
            self._wire_start = self._wire_count(self._call)

    def _wire_count(self, call: CallSession) -> _WireCount:
        counted = call.statistics
        return _WireCount(self._clock(), counted.wire_bytes_sent, counted.wire_bytes_received)

    def _summary(self) -> CallSummary:
        call, start, stop = self._call, self._wire_start, self._wire_stop
        seconds = sent = received = 0.0
        if start is not None and stop is not None:
            seconds = stop.at - start.at
            sent, received = stop.sent - start.sent, stop.received - start.received
        return CallSummary(
            model=self._head.config.name,
            fingerprint=self._head.fingerprint,
            trained=self._head.trained,
            end=self._end,
            seconds=round(seconds, 3),
            wire_up_kbps=kbps(sent, seconds),
            wire_down_kbps=kbps(received, seconds),
            rtt_ms=None
            if call is None or call.statistics.rtt_s is None
            else round(call.statistics.rtt_s * 1000, 2),
            loop_lag_ms_p99=self._loop_lag.percentile_ms(99),
            sender=self._sender.statistics if self._sender is not None else None,
            receiver=self._receiver.statistics if self._receiver is not None else None,
        )
