"""A person's calls as their page shows and steers them: lobby, call, and back."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from confapp.call.control_message import RecordingStep
from confapp.call.room_url import RoomUrl
from confapp.call_summary import CallSummary
from confapp.errors import ConfappError
from confapp.media.frame_source import FrameSource
from confapp.media.sound_source import SoundSource
from confapp.page import messages
from confapp.page.call_film import CallFilm
from confapp.page.messages import Command, Notice, View
from confapp.page.other_side import OtherSide
from confapp.page.own_side import OwnSide
from confapp.page.page_board import PageBoard
from confapp.page.page_figures import PageFigures
from confapp.page.page_phase import PagePhase, RecordingState
from confapp.page.page_server import PageServer
from confapp.page.page_session import OpenSession, PageSession, SessionWish
from confapp.page.picture_stream import PictureStream
from confapp.page.question_box import QuestionBox
from confapp.page.source_guide import Hint
from models.talking_head import TalkingHead
from receiver.rendered_frame import RenderedFrame
from sender.source_photo import SourcePhoto

NUMBERS_S = 1.0
LEVELS_A_SECOND = 8
LEVEL_S = NUMBERS_S / LEVELS_A_SECOND
ALONE_S = 20.0  # without any tab after a call, before the process ends


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

    Attributes:
        server: of the page.
        pictures: that the page shows.
        own: camera, photo and microphone of this side.

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
        self._on_ready = on_ready
        self._loop = asyncio.get_running_loop()
        self._session: PageSession | None = None
        self._calling: asyncio.Task[CallSummary] | None = None
        self._asked_to_leave = False
        self._summary: CallSummary | None = None
        self._wanted = asyncio.Event()  # a join, or the end
        self._quit = False
        self._tabs = False
        self._background: set[asyncio.Task[None]] = set()
        self.pictures = PictureStream(clock)
        self.server = PageServer(self, self.pictures)
        self._board = PageBoard(view, self.server.tell)
        self._film = CallFilm(folder, head.config.image_size, self._show_recording)
        self._questions = QuestionBox(lambda question: self._board.set(question=question))
        self._figures = PageFigures(self.pictures)
        self.own = OwnSide(
            head,
            self._board,
            self.pictures,
            open_camera=open_camera,
            open_microphone=open_microphone,
            on_photo=self._retake,
            wire_kbps=self._figures.wire_kbps,
            clock=clock,
        )
        self._other = OtherSide(head, self._board, self.pictures)
        self._board.on_change = self.own.arrange
        if photo is None:
            self._board.set(guiding=True)
        else:
            self.own.use(photo, Hint.HOLD)

    # The person's time with the page

    async def run(self) -> CallSummary | None:
        """Serve the page until the person is done; the account of the last call, if there was one.

        Raises:
            ConfappError: what ended the last call, when nobody was there to be told.
        """
        failure: ConfappError | None = None
        self.own.start()
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
            await self.own.close()
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
            patience = (
                ALONE_S if self._board.view.phase is PagePhase.ENDED and not self._tabs else None
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), patience or NUMBERS_S)
            if patience is not None and not self._tabs and not self._wanted.is_set():
                self._quit = True
                return

    async def _hold(self) -> ConfappError | None:
        """One call; why there was none, if there was none."""
        frames = self.own.tap()
        failure: ConfappError | None = None
        self._board.set(
            phase=PagePhase.JOINING, guiding=False, banner="Joining the room.", urgent=False,
            account=[], peer_name="", peer_source=False,
        )  # fmt: skip
        calling = self._calling = asyncio.create_task(self._call(frames))
        if self._asked_to_leave:  # between the wish to join and now
            calling.cancel()
        summary: CallSummary | None = None
        try:
            await asyncio.wait({calling})
            summary = None if calling.cancelled() else calling.result()
        except ConfappError as error:
            failure = error
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
            frames.close()
            self._calling = self._session = None
            self._questions.withdraw()
            await self._stop_recording()
            self._other.end()
            self._board.set(muted=None, safety_code="", question="", side_by_side=False)
            self.own.listen()
        if failure is not None:
            self._board.set(phase=PagePhase.LOBBY, banner=failure.message, urgent=True)
        elif summary is None or summary.end is None:  # left before anybody came
            self._board.set(phase=PagePhase.LOBBY, banner="You have left the room.", urgent=False)
        else:
            self._end(summary)
        return failure

    async def _call(self, frames: FrameSource) -> CallSummary:
        """From the lobby's microphone to the end of the call; cancelled to hang up."""
        await self.own.stop_listening()
        view = self._board.view
        wish = SessionWish(view.name, view.microphone or None, self.own.photo, frames, self)
        with contextlib.closing(self._open_session(wish)) as session:
            self._session = session
            self._other.begin(session)
            microphone = session.microphone
            self._board.set(muted=None if microphone is None else microphone.muted)
            return await session.run(view.room)

    def _end(self, summary: CallSummary) -> None:
        self._summary = summary
        banner = "You have left the call." if self._asked_to_leave else self._board.view.banner
        self._board.set(phase=PagePhase.ENDED, banner=banner, urgent=False, account=summary.lines())
        self._quit = self._quit or self._asked_to_leave

    def _hang_up(self) -> None:
        self._asked_to_leave = True
        if self._calling is not None:
            self._calling.cancel()

    # What the page asks for; each returns at once

    def on_tab(self, present: bool) -> None:
        """See `PageOwner`."""
        self._tabs = present
        if present:
            self.server.tell(self._board.view)
            self._other.tell_offset()

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
                self._board.set(guiding=command.on)
            case messages.TakeSource():
                self.own.take_now()
            case messages.Turn():
                self._other.turn(command.offset)
            case messages.FaceMe():
                self._start(self._other.face_me())
            case messages.SwitchCamera():
                self.own.switch_camera(on=command.on)
            case messages.ChooseCamera():
                self.own.choose_camera(command.id)
            case messages.Mute():
                self._mute(on=command.on)
            case messages.ChooseMicrophone():
                if self._session is None:
                    self.own.choose_microphone(command.id)
            case messages.Record():
                self._start(self._record() if command.on else self._stop_recording())
            case messages.Answer():
                self._questions.answer(command.question, yes=command.yes)
            case messages.SideBySide():
                self._board.set(side_by_side=command.on)

    def on_photo(self, data: bytes) -> None:
        """See `PageOwner`."""
        self._start(self.own.use_file(data))

    # What the call tells: see `CallAudience`

    def on_state(self, sentence: str, *, standing: bool, urgent: bool) -> None:
        """See `CallAudience`."""
        phase = PagePhase.CALL if standing else self._board.view.phase
        self._board.set(phase=phase, banner=sentence, urgent=urgent)

    def on_safety_code(self, code: str) -> None:
        """See `CallAudience`."""
        self._board.set(safety_code=code)

    def on_remark(self, sentence: str) -> None:
        """See `CallAudience`."""
        notice = Notice(error_id="remark", sentence=sentence)
        self._loop.call_soon_threadsafe(self.server.tell, notice)

    def on_picture(self, frame: RenderedFrame) -> None:
        """See `CallAudience`."""
        self._other.show(frame)
        try:
            self._film.write(frame)
        except ConfappError as error:
            self._loop.call_soon_threadsafe(self._recording_failed, error)

    def on_peer(self, name: str) -> None:
        """See `CallAudience`."""
        self._board.set(peer_name=name)

    def on_peer_photo(self, still: bytes, *, live: bool) -> None:
        """See `CallAudience`."""
        self._other.show_photo(still, live=live)

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
        if self._board.view.phase not in (PagePhase.LOBBY, PagePhase.ENDED):
            return
        try:
            RoomUrl.parse(join.room)
        except ConfappError as error:
            self._board.tell_fault(error)
            return
        self._board.set(room=join.room, name=join.name.strip())
        self._asked_to_leave = False
        self._wanted.set()

    def _retake(self, photo: SourcePhoto) -> None:
        if self._session is not None:
            self._session.retake(photo)

    # Microphone

    def _mute(self, *, on: bool) -> None:
        microphone = self._session.microphone if self._session is not None else None
        if microphone is not None:
            microphone.muted = on
            self._board.set(muted=on)

    @property
    def _level_dbfs(self) -> float | None:
        if self._session is None:
            return self.own.level_dbfs
        microphone = self._session.microphone
        return None if microphone is None else microphone.level_dbfs

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
            self._board.tell_fault(error)

    async def _stop_recording(self) -> None:
        session = self._session
        try:
            await self._film.stop(session.send_recording if session is not None else None)
        except ConfappError as error:
            self._board.tell_fault(error)

    def _recording_failed(self, error: ConfappError) -> None:
        self._board.tell_fault(error)
        self._start(self._stop_recording())

    def _show_recording(self, state: RecordingState, path: Path | None) -> None:
        file = {} if path is None else {"recording_file": str(path)}
        self._board.set(recording=state, **file)

    # Telling the page

    async def _tick(self) -> None:
        """Once a second, the figures; several times, the microphone's level."""
        for number in itertools.count(1):
            await asyncio.sleep(LEVEL_S)
            if (level := self._level_dbfs) is not None:
                self.server.tell(messages.Level(dbfs=round(level, 1)))
            if number % LEVELS_A_SECOND == 0:
                report = self._session.report if self._session is not None else None
                self.server.tell(self._figures.read(report, self.own.h264_kbps))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
