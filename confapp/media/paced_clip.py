"""A clip in place of a camera."""

import threading
import time
from collections.abc import Callable, Iterator

from confapp.media.clip import Clip, TimedPicture
from confapp.media.video_frame import VideoFrame


class PacedClip:
    """Plays a clip at its own speed; a consumer that is late gets the newest frame that is due.

    Args:
        clip: what to play.
        loop: start again at the end, for ever; timestamps and indices keep rising.
        now: seconds on a clock that never goes back.
        wait: waits that many seconds, or less once `close` was called.

    Attributes:
        skipped: frames that were due and that nobody came for in time.
        started: when the first frame was due, in seconds on the clock; None before.
    """

    def __init__(
        self,
        clip: Clip,
        loop: bool = False,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._clip = clip
        self._loop = loop
        self._closed = threading.Event()
        self._now = now
        self._wait = wait or self._closed.wait
        self.skipped = 0
        self.started: float | None = None

    def frames(self) -> Iterator[VideoFrame]:
        """Each frame when it is due; the first one at once."""
        pictures = self._timeline()
        waiting = next(pictures, None)
        if waiting is None:
            return
        start_s = self.started = self._now() - waiting.timestamp_ms / 1000
        while waiting is not None and not self._closed.is_set():
            asked_s = self._now()  # read once: a slow decoder must not skip for ever
            upcoming = next(pictures, None)
            while upcoming is not None and start_s + upcoming.timestamp_ms / 1000 <= asked_s:
                self.skipped += 1
                waiting, upcoming = upcoming, next(pictures, None)
            early_s = start_s + waiting.timestamp_ms / 1000 - self._now()
            if early_s > 0:
                self._wait(early_s)
                if self._closed.is_set():
                    return
            yield waiting.frame()
            waiting = upcoming

    def close(self) -> None:
        """Stop playing, also in the middle of a wait."""
        self._closed.set()

    def _timeline(self) -> Iterator[TimedPicture]:
        frame_ms = max(1, round(1000 / self._clip.fps))
        offset_ms, index = 0, 0
        while not self._closed.is_set():
            end_ms = offset_ms
            for picture in self._clip.pictures():
                picture.timestamp_ms += offset_ms
                picture.index = index
                end_ms = picture.timestamp_ms + frame_ms
                index += 1
                yield picture
            if not self._loop or end_ms == offset_ms:
                return
            offset_ms = end_ms
