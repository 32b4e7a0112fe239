"""A webcam."""

import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.media.video_frame import VideoFrame

LOG_LEVEL_SILENT = 0  # of cv2.utils.logging: its own lines say nothing that our errors do not


class Camera:
    """Frames of a webcam as they come, read by OpenCV.

    Args:
        index_or_path: 0 for the first camera, or a device path or stream address.
        width, height: picture size to ask for, in pixels; the camera gives the nearest it has.
        fps: frames a second to ask for.
        now: seconds on a clock that never goes back.

    Raises:
        ConfappError: `camera-not-found`.
    """

    def __init__(
        self,
        index_or_path: int | str = 0,
        width: int = 640,
        height: int = 480,
        fps: float = 25,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        cv2.utils.logging.setLogLevel(LOG_LEVEL_SILENT)
        self._name = index_or_path
        self._now = now
        self._closed = False
        self._reading = False
        self._capture = cv2.VideoCapture(index_or_path)
        if not self._capture.isOpened():
            raise ConfappError(
                "camera-not-found",
                f"Camera {index_or_path} cannot be opened (missing, or used by another program); "
                f"{_how_to_list()}, choose another with --camera N, or use --input clip.mp4.",
            )
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._capture.set(cv2.CAP_PROP_FPS, fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # an old frame is only latency

    def frames(self) -> Iterator[VideoFrame]:
        """Frames until `close`, with times from the first one on.

        Raises:
            ConfappError: `camera-lost` when it gives no more pictures.
        """
        start_s: float | None = None
        last_ms = -1
        index = 0
        self._reading = True
        try:
            while not self._closed:
                found, bgr = self._capture.read()
                if self._closed:
                    return
                if not found or bgr is None:
                    raise ConfappError(
                        "camera-lost",
                        f"Camera {self._name} gives no more pictures; plug it in again "
                        "and start the call anew.",
                    )
                captured_s = self._now()
                if start_s is None:
                    start_s = captured_s
                last_ms = max(round((captured_s - start_s) * 1000), last_ms + 1)
                rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
                yield VideoFrame(rgb, last_ms, index)
                index += 1
        finally:
            self._reading = False
            self._capture.release()

    def close(self) -> None:
        """Stop: `frames` ends with the picture it waits for and lets the camera go."""
        self._closed = True
        if not self._reading:  # otherwise its reader lets it go: a release under a read crashes
            self._capture.release()


def _how_to_list() -> str:
    if sys.platform == "linux":
        return "list them with ls /dev/video*"
    return "see which cameras the system lists"
