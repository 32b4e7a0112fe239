"""A virtual camera in memory: a backend for the real pyvirtualcam."""

from collections.abc import Callable

import numpy as np
import pytest
import pyvirtualcam.camera
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.media.virtual_camera import HEIGHT, WIDTH

NAME = "memory"


class MemoryCamera:
    """What pyvirtualcam hands to a driver; see its `Backend`.

    Attributes:
        pictures: what a program that watches the camera would see, one after the other.
        broken: it takes no more pictures.
        open: it has not been closed.
        on_picture: told of each.
    """

    def __init__(self) -> None:
        self.pictures: list[RgbImage] = []
        self.broken = False
        self.open = False
        self.on_picture: Callable[[], None] = lambda: None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the only driver there is."""
        monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {"memory": self._start})

    def _start(self, **_: object) -> "MemoryCamera":
        self.open = True
        return self

    def device(self) -> str:
        return NAME

    def native_fourcc(self) -> None:
        return None

    def send(self, frame: NDArray[np.uint8]) -> None:
        if self.broken:
            raise RuntimeError("the device is gone")
        self.pictures.append(frame.reshape(HEIGHT, WIDTH, 3).copy())
        self.on_picture()

    def close(self) -> None:
        self.open = False
