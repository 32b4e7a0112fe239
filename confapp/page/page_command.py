"""`confapp call` with the page: from settings to the account of the last call."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from confapp.call_frames import open_frames
from confapp.call_summary import CallSummary
from confapp.media.frame_source import FrameSource
from confapp.media.microphone import Microphone
from confapp.media.virtual_camera import VirtualCamera
from confapp.page.camera_list import list_cameras
from confapp.page.messages import Device, View
from confapp.page.microphone_meter import list_microphones
from confapp.page.page_call import PageCall
from confapp.page.page_phase import PagePhase
from confapp.page.page_session import PageSession, SessionWish
from confapp.participant import Participant
from confapp.settings import CallSettings
from models.talking_head import TalkingHead
from sender.source_photo import SourcePhoto

HANG_UP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")  # of Linux; elsewhere there always is one


def hold_page_call(
    settings: CallSettings,
    head: TalkingHead,
    room_url: str,
    notify: Callable[[str], None],
    virtual_camera: VirtualCamera | None,
) -> CallSummary | None:
    """Serve the page until the person is done; None when there was no call.

    Args:
        settings: of every call that is held with the page.
        head: the model.
        room_url: what stands in the lobby first.
        notify: takes a sentence for the person, from any thread.
        virtual_camera: is shown each picture of the other person.

    Raises:
        ConfappError: the source cannot be used, the page cannot be served, or no call came about.
    """
    return asyncio.run(_hold(settings, head, room_url, notify, virtual_camera))


async def _hold(
    settings: CallSettings,
    head: TalkingHead,
    room_url: str,
    notify: Callable[[str], None],
    virtual_camera: VirtualCamera | None,
) -> CallSummary | None:
    size = head.config.image_size
    photo = SourcePhoto.of_file(settings.source, size) if settings.source is not None else None

    def open_camera(chosen: str) -> FrameSource:
        return open_frames(settings.model_copy(update={"camera": chosen}))

    def open_session(wish: SessionWish) -> PageSession:
        return Participant(
            settings.model_copy(update={"name": wish.name, "microphone": wish.microphone}),
            head,
            sends=True,
            receives=True,
            notify=notify,
            frames=wish.frames,
            photo=wish.photo,
            audience=wish.audience,
            virtual_camera=virtual_camera,
        )

    page = PageCall(
        head,
        open_session,
        open_camera,
        Microphone,
        view=_first_view(settings, head, room_url),
        photo=photo,
        folder=Path.cwd(),
        on_ready=lambda link: _show_link(link, notify),
    )
    loop = asyncio.get_running_loop()
    for number in HANG_UP_SIGNALS:
        loop.add_signal_handler(number, page.leave)
    try:
        return await page.run()
    finally:
        for number in HANG_UP_SIGNALS:
            loop.remove_signal_handler(number)


def _first_view(settings: CallSettings, head: TalkingHead, room_url: str) -> View:
    if settings.input is not None:
        cameras, chosen = [Device(id="clip", label=settings.input.name)], "clip"
    else:
        cameras, chosen = list_cameras(settings.camera), settings.camera
    microphones, microphone = _microphones(settings)
    return View(
        room=room_url,
        name=settings.name,
        cameras=cameras,
        camera=chosen,
        microphones=microphones,
        microphone=microphone,
        trained=head.trained,
        phase=PagePhase.LOBBY,
    )


def _microphones(settings: CallSettings) -> tuple[list[Device], str]:
    """What can be chosen, and what is; nothing where sound comes from a file, or not at all."""
    if settings.audio is False or settings.audio_input is not None or settings.input is not None:
        return [], settings.microphone or ""
    devices = list_microphones()
    return devices, settings.microphone or (devices[0].id if devices else "")


def _show_link(link: str, notify: Callable[[str], None]) -> None:
    notify(f"The call's page, for this machine only: {link}")
    if sys.platform != "linux" or any(os.environ.get(name) for name in DISPLAYS):
        webbrowser.open(link)
