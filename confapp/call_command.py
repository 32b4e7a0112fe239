"""`confapp call`, `send` and `receive` from settings to the closing account."""

import contextlib
import json
import sys

import torch

from confapp.call.call_handlers import EndReason
from confapp.call_notices import END_NOTICES
from confapp.call_summary import CallSummary
from confapp.call_thread import hold_call
from confapp.clip_files import open_model
from confapp.errors import ConfappError
from confapp.media.virtual_camera import VirtualCamera
from confapp.page.page_command import hold_page_call
from confapp.participant import Participant
from confapp.settings import CallSettings

LOST = (EndReason.PEER_LOST, EndReason.CONNECTION_FAILED, EndReason.NETWORK_LOST)


def hold(
    settings: CallSettings, room_url: str, *, sends: bool, receives: bool, as_json: bool
) -> None:
    """Hold a call and print what it came to: sentences on stderr, JSON on stdout.

    Raises:
        ConfappError: what kept the call from standing, or broke it.
    """
    threads = torch.get_num_threads()
    if sends and receives:  # H and Δ run beside M and G
        threads = max(1, threads // 2)
    torch.set_num_threads(settings.threads or threads)
    head = open_model(settings.model, untrained=settings.untrained)
    summary: CallSummary | None
    with contextlib.ExitStack() as opened:
        virtual_camera: VirtualCamera | None = None
        if receives and settings.virtual_camera:
            virtual_camera = opened.enter_context(contextlib.closing(VirtualCamera()))
            _notify(f"Other programs see the other person on the camera {virtual_camera.name}.")
        if sends and receives and _wants_page(settings):
            summary = hold_page_call(settings, head, room_url, _notify, virtual_camera)
            if summary is None:  # left from the lobby
                return
        else:
            participant = Participant(
                settings,
                head,
                sends=sends,
                receives=receives,
                notify=_notify,
                virtual_camera=virtual_camera,
            )
            opened.enter_context(contextlib.closing(participant))
            summary = hold_call(participant, room_url, window=receives and settings.window)
    for line in summary.lines():
        _notify(line)
    if as_json:
        print(json.dumps(summary.as_json()), flush=True)
    if summary.end in LOST:
        raise ConfappError(summary.end, END_NOTICES[summary.end])


def _wants_page(settings: CallSettings) -> bool:
    """As the settings say; else where a person sits at a terminal and wants to see the call."""
    if settings.page is not None:
        return settings.page
    return settings.window and sys.stdin.isatty() and sys.stderr.isatty()


def _notify(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
