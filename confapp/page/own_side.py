"""What a person sets up of themselves: photo, camera and microphone, in the lobby and the call."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from confapp.errors import ConfappError
from confapp.media.frame_source import FrameSource
from confapp.media.framing import FaceFraming
from confapp.media.photo import photo_of_bytes
from confapp.media.sound_source import SoundSource
from confapp.page.camera_feed import CameraFeed, CameraTap
from confapp.page.messages import Hints, Source
from confapp.page.microphone_meter import MicrophoneMeter
from confapp.page.own_view import OwnView, OwnViewTask
from confapp.page.page_board import PageBoard
from confapp.page.page_phase import PagePhase
from confapp.page.picture_stream import PictureKind, PictureStream
from confapp.page.source_guide import Hint
from models.talking_head import TalkingHead
from sender.source_photo import SourcePhoto


class OwnSide:
    """Camera, photo and microphone of this side; belongs to the event loop, but for what it says.

    Args:
        head: the model.
        board: what the page shows; it names the devices.
        pictures: where pictures go.
        open_camera: opens a camera by index or path.
        open_microphone: opens a microphone by name, for its level in the lobby.
        on_photo: told each photo that is to be used from now on.
        wire_kbps: what H.264 may take in the comparison; asked on another thread.
        clock: seconds, on a clock that never goes back.

    Attributes:
        photo: the source; None before there is one.
    """

    def __init__(
        self,
        head: TalkingHead,
        board: PageBoard,
        pictures: PictureStream,
        *,
        open_camera: Callable[[str], FrameSource],
        open_microphone: Callable[[str], SoundSource],
        on_photo: Callable[[SourcePhoto], None],
        wire_kbps: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self.photo: SourcePhoto | None = None
        self._head = head
        self._board = board
        self._pictures = pictures
        self._open_camera = open_camera
        self._on_photo = on_photo
        self._loop = asyncio.get_running_loop()
        self._feed = CameraFeed(self.on_camera_error, clock)
        self._meter = MicrophoneMeter(open_microphone)
        self._view = OwnView(head, self._feed.tap(), pictures, self, wire_kbps)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="own-side")

    def start(self) -> None:
        """Open the devices that the board names."""
        self._view.start()
        self._open_chosen_camera()
        self.listen()

    async def close(self) -> None:
        """Let all devices go."""
        await asyncio.to_thread(self._meter.close)
        await asyncio.to_thread(self._feed.close)
        await asyncio.to_thread(self._view.join)
        self._worker.shutdown()

    def arrange(self) -> None:
        """Do what the board shows now, and nothing that it does not."""
        view = self._board.view
        in_lobby = view.phase in (PagePhase.LOBBY, PagePhase.ENDED)
        seen = not view.guiding and (in_lobby or view.side_by_side)
        self._view.task = OwnViewTask(
            guiding=view.guiding,
            previewing=self.photo is not None and seen,
            comparing=view.side_by_side,
        )

    # Photo

    def use(self, photo: SourcePhoto, hint: Hint) -> None:
        """Take a photo as the source; `hint` says what is wrong with it, or HOLD."""
        self.photo = photo
        self._view.use(photo, hint)
        self._pictures.offer_still(PictureKind.OWN_PHOTO, photo.still)
        self._board.set(guiding=False, source=Source(live=photo.live))
        self._on_photo(photo)

    async def use_file(self, data: bytes) -> None:
        """The same with a file's content, which may be anything."""
        try:
            photo, hint = await self._loop.run_in_executor(self._worker, self._look_into, data)
        except ConfappError as error:
            self._board.tell_fault(error)
            return
        self.use(photo, hint)

    def take_now(self) -> None:
        """Take the guided shot whatever the hints say."""
        self._view.take_now()

    def _look_into(self, data: bytes) -> tuple[SourcePhoto, Hint]:
        framed = FaceFraming(self._head.config.image_size).frame_photo(photo_of_bytes(data))
        photo = SourcePhoto.of_view(framed, live=False)
        return photo, self._view.judge(photo.rgb)

    # Camera

    def tap(self) -> CameraTap:
        """The camera for a call, shared with the page."""
        return self._feed.tap()

    def switch_camera(self, *, on: bool) -> None:
        """On, or off: the device is let go and nothing is sent."""
        if on:
            self._open_chosen_camera()
        else:
            self._feed.off()
            self._pictures.forget(PictureKind.CAMERA)
        self._board.set(camera_on=on)

    def choose_camera(self, device: str) -> None:
        """Another one of those that the board lists."""
        if device in (camera.id for camera in self._board.view.cameras):
            self._board.set(camera=device, camera_on=True)
            self._open_chosen_camera()

    def _open_chosen_camera(self) -> None:
        chosen = self._board.view.camera
        self._feed.on(lambda: self._open_camera(chosen))

    # Microphone, in the lobby

    def listen(self) -> None:
        """Measure the level of the microphone that was chosen."""
        if self._board.view.microphones:
            self._meter.listen(self._board.view.microphone)

    async def stop_listening(self) -> None:
        """Let the microphone go, for a call."""
        await asyncio.to_thread(self._meter.close)

    def choose_microphone(self, device: str) -> None:
        """Another one of those that the board lists."""
        if device in (microphone.id for microphone in self._board.view.microphones):
            self._board.set(microphone=device)
            self.listen()

    @property
    def level_dbfs(self) -> float | None:
        """How loud the microphone is in the lobby; None while nothing is heard."""
        return self._meter.level_dbfs

    @property
    def h264_kbps(self) -> float | None:
        """What the comparison's H.264 takes; None without one."""
        return self._view.h264_kbps

    # What the own view and the feed find, on their threads: see `OwnViewOwner`

    def on_hints(self, hints: Hints) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self._board.tell, hints)

    def on_shot(self, photo: SourcePhoto, hint: Hint) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self._use_shot, photo, hint)

    def on_quality(self, words: str) -> None:
        """See `OwnViewOwner`."""
        self._loop.call_soon_threadsafe(self._set_quality, words)

    def on_camera_error(self, error: ConfappError) -> None:
        """The camera cannot be opened, or broke; on the feed's thread."""
        self._loop.call_soon_threadsafe(self._camera_failed, error)

    def _use_shot(self, photo: SourcePhoto, hint: Hint) -> None:
        if self._board.view.guiding:  # else the person has chosen otherwise meanwhile
            self.use(photo, hint)

    def _set_quality(self, words: str) -> None:
        source = self._board.view.source
        if source is not None:
            self._board.set(source=source.model_copy(update={"quality": words}))

    def _camera_failed(self, error: ConfappError) -> None:
        self._board.set(camera_on=False)
        self._board.tell_fault(error)
