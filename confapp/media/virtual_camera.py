"""A camera that other programs on this machine can choose: it shows what is rendered here."""

import sys
from typing import Any

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.media.synthesis_mark import marked
from confapp.media.video_frame import RgbImage

WIDTH, HEIGHT = 640, 480  # pixels: every program that takes cameras takes this size
FPS = 25.0  # nominal: pictures are passed on as they come
DRIVERS = {
    "linux": "load v4l2loopback (sudo apt-get install v4l2loopback-dkms, then "
    "sudo modprobe v4l2loopback exclusive_caps=1), and close whatever else sends to it",
    "darwin": "install OBS, start its virtual camera once, and end OBS",
    "win32": "install OBS, and end it if its own virtual camera is on",
}


class VirtualCamera:
    """Shows pictures to other programs, by pyvirtualcam (the extra `virtual-camera`).

    Attributes:
        name: under which other programs find it.

    Raises:
        ConfappError: `no-virtual-camera-support` without the extra, `virtual-camera-not-found`
            without a driver.
    """

    def __init__(self) -> None:
        self._camera = _open()
        self.name: str = self._camera.device

    def show(self, rgb: RgbImage) -> None:
        """Show a rendered (H, W, 3) uint8 picture until the next one.

        Raises:
            ConfappError: `virtual-camera-lost`.
        """
        try:
            self._camera.send(camera_picture(rgb))
        except RuntimeError as error:
            raise ConfappError(
                "virtual-camera-lost",
                f"The virtual camera {self.name} takes no more pictures ({error}): call again, "
                "without --virtual-camera if that does not help.",
            ) from error

    def close(self) -> None:
        """Take the camera away. May be called again."""
        self._camera.close()


def camera_picture(rgb: RgbImage) -> RgbImage:
    """A picture, marked as synthesised, as large as fits the middle of (HEIGHT, WIDTH, 3)."""
    height, width = rgb.shape[:2]
    scale = min(HEIGHT / height, WIDTH / width)
    size = round(width * scale), round(height * scale)
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    fitted = marked(cv2.resize(rgb, size, interpolation=interpolation).astype(np.uint8, copy=False))
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[top : top + size[1], left : left + size[0]] = fitted
    return picture


def _open() -> Any:
    try:
        import pyvirtualcam  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ConfappError(
            "no-virtual-camera-support",
            "A virtual camera needs `pip install 'confapp[virtual-camera]'`; "
            "or call without --virtual-camera.",
        ) from error
    try:
        return pyvirtualcam.Camera(WIDTH, HEIGHT, FPS)
    except RuntimeError as error:
        how = DRIVERS.get(sys.platform, "install a driver that pyvirtualcam knows")
        raise ConfappError(
            "virtual-camera-not-found",
            f"There is no virtual camera to send to ({error}): {how}; "
            "or call without --virtual-camera.",
        ) from error
