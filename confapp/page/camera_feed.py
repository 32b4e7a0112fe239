"""One camera for everybody who looks at it: the newest picture for each."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

from confapp.errors import ConfappError
from confapp.media.frame_source import FrameSource
from confapp.media.paced_clip import PacedClip
from confapp.media.video_frame import VideoFrame

logger = logging.getLogger(__name__)


class CameraTap:
    """A frame source that shares the camera of a feed; late, it gets the newest picture."""

    def __init__(self, feed: "CameraFeed") -> None:
        self._feed = feed
        self._newest: VideoFrame | None = None
        self._closed = False
        self._changed = threading.Condition()

    @property
    def started(self) -> float | None:
        """When the clip began to play that is shown in place of a camera, as `PacedClip`."""
        return self._feed.started

    def put(self, frame: VideoFrame) -> None:
        """The feed's next picture."""
        with self._changed:
            self._newest = frame
            self._changed.notify_all()

    def frames(self) -> Iterator[VideoFrame]:
        """Pictures until the tap is closed; while the camera is off it waits."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._newest is not None)
                if self._closed:
                    return
                frame, self._newest = self._newest, None
            assert frame is not None  # noqa: S101 (waited for)
            yield frame

    def close(self) -> None:
        """See `FrameSource`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class CameraFeed:
    """Reads a camera, or a clip in its place, on a thread of its own; off, it lets the device go.

    Times go on while the camera is off or changes, so that they suit one stream.

    Args:
        on_error: told, on the feed's thread, that the camera cannot be opened or broke.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        on_error: Callable[[ConfappError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_error = on_error
        self._clock = clock
        self._start_s = clock()
        self._index = 0
        self._last_ms = -1
        self._taps: list[CameraTap] = []
        self._lock = threading.Lock()
        self._source: FrameSource | None = None
        self._thread: threading.Thread | None = None
        self._ended = False
        self._wanted = 0  # counts each change of mind; a reader of an older one stops

    def on(self, open_source: Callable[[], FrameSource]) -> None:
        """Read what this opens, in place of what was read; returns at once."""
        self.off()
        with self._lock:
            turn = self._wanted
            self._ended = False
        before = self._thread
        self._thread = threading.Thread(
            target=self._read, args=(open_source, turn, before), name="camera-feed"
        )
        self._thread.start()

    def off(self) -> None:
        """Let the camera go, soon."""
        with self._lock:
            self._wanted += 1
            source, self._source = self._source, None
        if source is not None:
            source.close()

    @property
    def started(self) -> float | None:
        """When the clip began to play; None without one."""
        return self._source.started if isinstance(self._source, PacedClip) else None

    def tap(self) -> CameraTap:
        """Another way to look at the pictures."""
        tap = CameraTap(self)
        with self._lock:
            if self._ended:
                tap.close()
            self._taps.append(tap)
        return tap

    def close(self) -> None:
        """Let the camera go, end all taps and wait for the thread."""
        self.off()
        if self._thread is not None:
            self._thread.join()
        self._end_taps()

    def _read(
        self, open_source: Callable[[], FrameSource], turn: int, before: threading.Thread | None
    ) -> None:
        if before is not None:
            before.join()  # one device has one reader
        try:
            source = open_source()
            with self._lock:
                if self._wanted == turn:
                    self._source = source
            if self._source is not source:
                source.close()
                return
            offset_ms: int | None = None
            for frame in source.frames():
                if offset_ms is None:
                    offset_ms = round((self._clock() - self._start_s) * 1000) - frame.timestamp_ms
                self._pass_on(frame, offset_ms, turn)
        except ConfappError as error:
            logger.warning("the camera gives no pictures: %s", error.error_id)
            self._on_error(error)
            return
        with self._lock:
            ended = self._wanted == turn
        if ended:  # the clip is over
            self._end_taps()

    def _pass_on(self, frame: VideoFrame, offset_ms: int, turn: int) -> None:
        with self._lock:
            if self._wanted != turn:
                return
            taps = list(self._taps)
            self._last_ms = max(frame.timestamp_ms + offset_ms, self._last_ms + 1)
            stamped = VideoFrame(frame.rgb, self._last_ms, self._index)
            self._index += 1
        for tap in taps:
            tap.put(stamped)

    def _end_taps(self) -> None:
        with self._lock:
            self._ended = True
            taps, self._taps = self._taps, []
        for tap in taps:
            tap.close()
