"""A person's calls as their page shows and steers them: lobby, call, and back."""

import asyncio
import contextlib
import dataclasses
import itertools
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from confapp.call.control_message import RecordingStep
from confapp.call.room_url import RoomUrl
from confapp.call_report import CallReport
from confapp.call_summary import CallSummary
from confapp.errors import ConfappError
from confapp.media.frame_source import FrameSource
from confapp.media.framing import FaceFraming
from confapp.media.photo import photo_of_bytes
from confapp.media.sound_source import SoundSource
from confapp.page import messages
from confapp.page.call_film import CallFilm
from confapp.page.camera_feed import CameraFeed
from confapp.page.frontal_turn import frontal_turn
from confapp.page.messages import Command, Hints, Notice, Numbers, Offset, Source, View
from confapp.page.microphone_meter import MicrophoneMeter
from confapp.page.own_view import OwnView, OwnViewTask
from confapp.page.page_phase import PagePhase, RecordingState, SourceOrigin
from confapp.page.page_server import PageServer
from confapp.page.page_session import OpenSession, PageSession, SessionWish
from confapp.page.picture_stream import PictureKind, PictureStream
from confapp.page.question_box import QuestionBox
from confapp.page.source_guide import Hint
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.rendered_frame import RenderedFrame
from sender.source_photo import SourcePhoto

NUMBERS_S = 1.0
LEVELS_A_SECOND = 8
LEVEL_S = NUMBERS_S / LEVELS_A_SECOND
ALONE_S = 20.0  # without any tab after a call, before the process ends
RATE_READINGS = 5  # seconds that the comparison's rate rests on
CALL_PICTURES = (PictureKind.REMOTE, PictureKind.PEER_PHOTO)


class PageCall:
    """The page of one person, and the calls that they hold with it.

    Everything belongs to one event loop, but for what says otherwise.

    Args:
        head: the model.
        open_session: makes a call out of what was chosen in the lobby.
        open_camera: opens a camera by index or path.
        open_microphone: opens a microphone by name, for its level in the lobby.
        view: what the page shows first: room, name, cameras and which one of them.
        photo: the source that was given from the start, a file.
        folder: for recordings.
        clock: seconds, on a clock that never goes back.
        on_ready: told the page's link as soon as it can be opened.

    Raises:
        ConfappError: `page-port`.
    """

    def __init__(
        self,
        head: TalkingHead,
        open_session: OpenSession,
        open_camera: Callable[[str], FrameSource],
        open_microphone: Callable[[str], SoundSource],
        *,
        view: View,
        photo: SourcePhoto | None,
        folder: Path,
        on_ready: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._head = head
        self._open_session = open_session
        self._open_camera = open_camera
        self._on_ready = on_ready
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._view = view
        self._photo: SourcePhoto | None = None
        self._session: PageSession | None = None
        self._calling: asyncio.Task[CallSummary] | None = None
        self._film = CallFilm(folder, head.config.image_size, self._show_recording)
        self._questions = QuestionBox(lambda question: self._set(question=question))
        self._newest: RenderedFrame | None = None
        self._asked_to_leave = False
        self._summary: CallSummary | None = None
        self._wanted = asyncio.Event()  # a join, or the end
        self._quit = False
        self._tabs = False
        self._up_kbps: deque[float] = deque(maxlen=RATE_READINGS)
        self._background: set[asyncio.Task[None]] = set()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="page-work")
        self.pictures = PictureStream(clock)
        self.server = PageServer(self, self.pictures)
        self._feed = CameraFeed(self.on_camera_error, clock)
        self._meter = MicrophoneMeter(open_microphone)
        self._own = OwnView(head, self._feed.tap(), self.pictures, self, self._wire_kbps)
        if photo is not None:
            self._use(photo, SourceOrigin.FILE, Hint.HOLD)
        self._set(guiding=photo is None)

    # The person's time with the page

    async def run(self) -> CallSummary | None:
        """Serve the page until the person is done; the account of the last call, if there was one.

        Raises:
            ConfappError: what ended the last call, when nobody was there to be told.
        """
        failure: ConfappError | None = None
        self._own.start()
        self._open_chosen_camera()
        self._listen()
        ticking = asyncio.create_task(self._tick())
        try:
            async with self.server:
                self._on_ready(self.server.link.url)
                while not self._quit:
                    await self._wait_wanted()
                    if not self._quit:
                        failure = await self._hold()
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, *self._background, return_exceptions=True)
            await asyncio.to_thread(self._meter.close)
            await asyncio.to_thread(self._feed.close)
            await asyncio.to_thread(self._own.join)
            self._worker.shutdown()
            self.pictures.close()
        if failure is not None and self._summary is None:
            raise failure
        return self._summary

    def leave(self) -> None:
        """Hang up and end, as on Ctrl-C."""
        self._quit = True
        self._hang_up()
        self._wanted.set()

    async def _wait_wanted(self) -> None:
        """Wait for a join; after a call that the other side ended, not for ever without a tab."""
        self._wanted.clear()
        while not self._wanted.is_set():
            patience = ALONE_S if self._view.phase is PagePhase.ENDED and not self._tabs else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), patience or NUMBERS_S)
            if patience is not None and not self._tabs and not self._wanted.is_set():
                self._quit = True
                return

    async def _hold(self) -> ConfappError | None:
        """One call; why there was none, if there was none."""
        view = self._view
        self._asked_to_leave = False
        frames = self._feed.tap()
        failure: ConfappError | None = None
        self._set(
            phase=PagePhase.JOINING, guiding=False, banner="Joining the room.", urgent=False,
            account=[], peer_name="", peer_source=False,
        )  # fmt: skip
        try:
            await asyncio.to_thread(self._meter.close)
            self._session = self._open_session(
                SessionWish(view.name, view.microphone or None, self._photo, frames, self)
            )
            microphone = self._session.microphone
            self._set(muted=None if microphone is None else microphone.muted)
            with contextlib.closing(self._session):
                self._calling = asyncio.create_task(self._session.run(view.room))
                self._summary = await asyncio.shield(self._calling)
        except ConfappError as error:
            failure = error
        finally:
            frames.close()
            self._calling = self._session = self._newest = None
            self._questions.withdraw()
            await self._stop_recording()
            for kind in CALL_PICTURES:
                self.pictures.forget(kind)
            self._set(muted=None, safety_code="")
            self._listen()
        if failure is not None:
            self._set(phase=PagePhase.LOBBY, banner=failure.message, urgent=True, question="")
        else:
            self._ended()
        return failure

    def _ended(self) -> None:
        assert self._summary is not None  # noqa: S101 (the call came to its end)
        banner = self._view.banner if not self._asked_to_leave else "You have left the call."
        self._set(
            phase=PagePhase.ENDED, banner=banner, urgent=False, question="", side_by_side=False,
            account=self._summary.lines(),
        )  # fmt: skip
        if self._asked_to_leave:
            self._quit = True

    def _hang_up(self) -> None:
        self._asked_to_leave = True
        if self._calling is not None:
            self._calling.cancel()

    # What the page asks for; each returns at once

    def on_tab(self, present: bool) -> None:
        """See `PageOwner`."""
        self._tabs = present
        if present:
            self.server.tell(self._view)
            self._tell_offset()
        elif self._view.phase is PagePhase.ENDED:
            self._view = self._view.model_copy(update={"banner": ""})

    def on_command(self, command: Command) -> None:  # noqa: PLR0912 - a line or two a command
        """See `PageOwner`."""
        match command:
            case messages.Join():
                self._join(command)
            case messages.HangUp():
                self._hang_up()
            case messages.Quit():
                self.leave()
            case messages.Guide():
                self._set(guiding=command.on)
            case messages.TakeSource():
                self._own.take_now()
            case messages.Turn():
                self._turn(command.offset)
            case messages.FaceMe():
                self._start(self._face_me())
            case messages.SwitchCamera():
                self._switch_camera(on=command.on)
            case messages.ChooseCamera():
                self._choose_camera(command.id)
            case messages.Mute():
                self._mute(on=command.on)
            case messages.ChooseMicrophone():
                self._choose_microphone(command.id)
            case messages.Record():
                self._start(self._record() if command.on else self._stop_recording())
            case messages.Answer():
                self._questions.answer(command.question, yes=command.yes)
            case messages.SideBySide():
                self._set(side_by_side=command.on)

    def on_photo(self, data: bytes) -> None:
        """See `PageOwner`."""
        self._start(self._use_file(data))

    # What the own view finds; on its thread

    def on_hints(self, hints: Hints) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self.server.tell, hints)

    def on_shot(self, photo: SourcePhoto, hint: Hint) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self._use, photo, SourceOrigin.CAMERA, hint)

    def on_quality(self, words: str) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self._set_quality, words)

    def on_camera_error(self, error: ConfappError) -> None:
        """The camera cannot be opened, or broke; on the feed's thread."""
        self._loop.call_soon_threadsafe(self._camera_failed, error)

    # What the call tells: see `CallAudience`

    def on_state(self, sentence: str, *, standing: bool, urgent: bool) -> None:
        """See `CallAudience`."""
        phase = PagePhase.CALL if standing else self._view.phase
        self._set(phase=phase, banner=sentence, urgent=urgent)

    def on_safety_code(self, code: str) -> None:
        """See `CallAudience`."""
        self._set(safety_code=code)

    def on_remark(self, sentence: str) -> None:
        """See `CallAudience`."""
        notice = Notice(error_id="remark", sentence=sentence)
        self._loop.call_soon_threadsafe(self.server.tell, notice)

    def on_picture(self, frame: RenderedFrame) -> None:
        """See `CallAudience`."""
        self._newest = frame
        self.pictures.offer(PictureKind.REMOTE, frame.rgb, frame.timestamp_ms)
        try:
            self._film.write(frame)
        except ConfappError as error:
            self._loop.call_soon_threadsafe(self._recording_failed, error)

    def on_peer(self, name: str) -> None:
        """See `CallAudience`."""
        self._set(peer_name=name)

    def on_peer_photo(self, still: bytes) -> None:
        """See `CallAudience`."""
        self.pictures.offer_still(PictureKind.PEER_PHOTO, still)
        self._set(peer_source=True)

    async def on_knock(self) -> bool:
        """See `CallAudience`."""
        return await self._questions.ask("knock")

    def on_recording(self, step: RecordingStep) -> None:
        """See `CallAudience`."""
        if step == "ask":
            self._start(self._answer_recording())
        elif step in ("agree", "refuse"):
            self._film.on_answer(agreed=step == "agree")
        else:
            self.on_remark("The other side has stopped its recording.")

    # Lobby

    def _join(self, join: messages.Join) -> None:
        if self._view.phase not in (PagePhase.LOBBY, PagePhase.ENDED):
            return
        try:
            RoomUrl.parse(join.room)
        except ConfappError as error:
            self._tell_fault(error)
            return
        self._set(room=join.room, name=join.name.strip())
        self._wanted.set()

    def _use(self, photo: SourcePhoto, origin: SourceOrigin, hint: Hint) -> None:
        """Take a photo as the source, also in the middle of a call."""
        self._photo = photo
        self._own.use(photo, hint)
        self.pictures.offer_still(PictureKind.OWN_PHOTO, photo.still)
        self._set(guiding=False, source=Source(origin=origin))
        if self._session is not None:
            self._session.retake(photo)

    async def _use_file(self, data: bytes) -> None:
        try:
            photo, hint = await self._loop.run_in_executor(self._worker, self._look_into, data)
        except ConfappError as error:
            self._tell_fault(error)
            return
        self._use(photo, SourceOrigin.FILE, hint)

    def _look_into(self, data: bytes) -> tuple[SourcePhoto, Hint]:
        framed = FaceFraming(self._head.config.image_size).frame_photo(photo_of_bytes(data))
        photo = SourcePhoto.of_view(framed)
        return photo, self._own.judge(photo.rgb)

    def _set_quality(self, words: str) -> None:
        if self._view.source is not None:
            self._set(source=self._view.source.model_copy(update={"quality": words}))

    # Camera

    def _switch_camera(self, *, on: bool) -> None:
        if on:
            self._open_chosen_camera()
        else:
            self._feed.off()
            self.pictures.forget(PictureKind.CAMERA)
        self._set(camera_on=on)

    def _choose_camera(self, device: str) -> None:
        if device not in (camera.id for camera in self._view.cameras):
            return
        self._set(camera=device, camera_on=True)
        self._open_chosen_camera()

    def _open_chosen_camera(self) -> None:
        chosen = self._view.camera
        self._feed.on(lambda: self._open_camera(chosen))

    def _camera_failed(self, error: ConfappError) -> None:
        self._set(camera_on=False)
        self._tell_fault(error)

    # Microphone

    def _mute(self, *, on: bool) -> None:
        microphone = self._session.microphone if self._session is not None else None
        if microphone is not None:
            microphone.muted = on
            self._set(muted=on)

    def _listen(self) -> None:
        """Show the level of the microphone that was chosen, in the lobby."""
        if self._view.microphones:
            self._meter.listen(self._view.microphone)

    def _choose_microphone(self, device: str) -> None:
        if device not in (microphone.id for microphone in self._view.microphones):
            return
        self._set(microphone=device)
        if self._session is None:
            self._listen()

    @property
    def _level_dbfs(self) -> float | None:
        if self._session is None:
            return self._meter.level_dbfs
        microphone = self._session.microphone
        return None if microphone is None else microphone.level_dbfs

    # The other person's head

    def _turn(self, offset: PoseOffset) -> None:
        if self._session is not None:
            self._session.offset = offset

    async def _face_me(self) -> None:
        session, newest = self._session, self._newest
        if session is None or newest is None:
            return
        offset = session.offset
        session.offset = await self._loop.run_in_executor(
            self._worker, frontal_turn, self._head, newest.rgb, offset
        )
        self._tell_offset()

    def _tell_offset(self) -> None:
        offset = self._session.offset if self._session is not None else PoseOffset()
        told = dataclasses.asdict(offset)
        del told["z"]
        self.server.tell(Offset(**told))

    # Recording

    async def _answer_recording(self) -> None:
        agreed = await self._questions.ask("recording")
        if self._session is not None:
            self._session.send_recording("agree" if agreed else "refuse")

    async def _record(self) -> None:
        session = self._session
        if session is None:
            return
        try:
            if not await self._film.start(session.send_recording):
                self.on_remark("The other side did not agree to a recording.")
        except ConfappError as error:
            self._tell_fault(error)

    async def _stop_recording(self) -> None:
        session = self._session
        try:
            await self._film.stop(session.send_recording if session is not None else None)
        except ConfappError as error:
            self._tell_fault(error)

    def _recording_failed(self, error: ConfappError) -> None:
        self._tell_fault(error)
        self._start(self._stop_recording())

    def _show_recording(self, state: RecordingState, path: Path | None) -> None:
        file = {} if path is None else {"recording_file": str(path)}
        self._set(recording=state, **file)

    # Telling the page

    def _set(self, **changes: Any) -> None:
        """Change what the page shows, and what the own view has to do for it."""
        self._view = self._view.model_copy(update=changes)
        view = self._view
        in_lobby = view.phase in (PagePhase.LOBBY, PagePhase.ENDED)
        self._own.task = OwnViewTask(
            guiding=view.guiding,
            previewing=self._photo is not None
            and not view.guiding
            and (in_lobby or view.side_by_side),
            comparing=view.side_by_side,
        )
        self.server.tell(view)

    def _tell_fault(self, error: ConfappError) -> None:
        self.server.tell(Notice(error_id=error.error_id, sentence=error.message))

    async def _tick(self) -> None:
        """Once a second, the figures; several times, the microphone's level."""
        for number in itertools.count(1):
            await asyncio.sleep(LEVEL_S)
            if (level := self._level_dbfs) is not None:
                self.server.tell(messages.Level(dbfs=round(level, 1)))
            if number % LEVELS_A_SECOND == 0:
                self.server.tell(self._numbers())

    def _numbers(self) -> Numbers:
        report = self._session.report if self._session is not None else None
        if report is None:
            numbers = Numbers()
        else:
            numbers = _of_report(report)
            self._up_kbps.append(report.wire_up_kbps)
        lane = self.pictures.statistics(PictureKind.REMOTE)
        return numbers.model_copy(
            update={
                "shown_share": round(lane.shown / lane.offered, 3) if lane.offered else None,
                "page_ms": lane.delay_ms(95),
                "h264_kbps": _rounded(self._own.h264_kbps),
            }
        )

    def _wire_kbps(self) -> float:
        """What the neural call takes now, for H.264 to take as well; asked on the own view."""
        readings = list(self._up_kbps)
        return sum(readings) / len(readings) if readings else 0.0

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _of_report(report: CallReport) -> Numbers:
    return Numbers(
        captured_fps=report.captured_fps,
        shown_fps=report.shown_fps,
        latency_ms=report.picture_delay_ms,
        rtt_ms=report.rtt_ms,
        up_kbps=report.wire_up_kbps,
        down_kbps=report.wire_down_kbps,
        motion_kbps=report.motion_up_kbps,
        sound_kbps=report.sound_up_kbps,
        loss=report.loss_down,
        skew_ms=report.skew_ms,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 1)
