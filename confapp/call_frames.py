"""The pictures of a call from its settings: a clip, or the camera."""

import time
from collections.abc import Callable

from confapp.media.camera import Camera
from confapp.media.clip import Clip
from confapp.media.frame_source import FrameSource
from confapp.media.paced_clip import PacedClip
from confapp.settings import CallSettings


def open_frames(settings: CallSettings, clock: Callable[[], float] = time.monotonic) -> FrameSource:
    """The clip of the settings, else the camera.

    Raises:
        ConfappError: it is missing or cannot be read.
    """
    if settings.input is not None:
        return PacedClip(Clip(settings.input), loop=settings.loop, now=clock)
    camera = settings.camera
    return Camera(int(camera) if camera.isdigit() else camera, now=clock)
