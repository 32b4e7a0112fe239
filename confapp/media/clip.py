"""A video file as frames."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from confapp.errors import ConfappError
from confapp.media.video_frame import RgbImage, VideoFrame

FALLBACK_FPS = Fraction(25)
MIN_FPS = Fraction(1)
MAX_FPS = Fraction(240)
TRUNCATION_SLACK_S = 0.5  # a track may end this much before its container says so

logger = logging.getLogger(__name__)


class TimedPicture:
    """A decoded picture that is turned into RGB only when somebody wants it."""

    def __init__(self, picture: av.VideoFrame, timestamp_ms: int, index: int) -> None:
        self._picture = picture
        self.timestamp_ms = timestamp_ms
        self.index = index

    def rgb(self) -> RgbImage:
        """(H, W, 3) uint8, upright."""
        pixels = self._picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
        quarter_turns = round(self._picture.rotation / 90)  # anticlockwise, as np.rot90
        return np.ascontiguousarray(np.rot90(pixels, quarter_turns)) if quarter_turns else pixels

    def frame(self) -> VideoFrame:
        """The picture as everything else in the program takes it."""
        return VideoFrame(self.rgb(), self.timestamp_ms, self.index)


class Clip:
    """A video file that FFmpeg reads, with the times at which its frames are shown.

    Attributes:
        path: the file.
        fps: average frames a second, 1 to 240; 25 where the file does not say.
        duration_s: as the file says; 0 where it does not.
        size: (width, height) in pixels, upright.
        broken: why decoding stopped before the end, or None; set while `frames` runs.

    Raises:
        ConfappError: `clip-not-found`, or `clip-unreadable` when no frame of a video decodes.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.broken: str | None = None
        if not self.path.is_file():
            raise ConfappError(
                "clip-not-found", f"There is no video file at {self.path}; check the path."
            )
        try:
            with av.open(str(self.path)) as container:
                stream = _video_stream(container)
                self.fps = _frame_rate(stream)
                self.duration_s = 0.0
                if stream.duration is not None and stream.time_base is not None:
                    self.duration_s = float(stream.duration * stream.time_base)
        except (av.FFmpegError, _NoVideoError, OSError) as error:
            raise self._unreadable(_reason(error)) from error
        first = next(self.pictures(), None)
        if first is None:
            raise self._unreadable(self.broken or "it holds no frames")
        height, width = first.rgb().shape[:2]
        self.size = (width, height)
        self.broken = None

    def frames(self) -> Iterator[VideoFrame]:
        """All frames from the start, each time it is called.

        A file that breaks midway gives the frames before the break; `broken` then says why.
        """
        for picture in self.pictures():
            yield picture.frame()

    def pictures(self) -> Iterator[TimedPicture]:
        """As `frames`, without the cost of RGB for frames that nobody looks at."""
        self.broken = None
        start_ms: float | None = None
        last_ms = -1
        expected_s = 0.0
        index = 0
        try:
            with av.open(str(self.path)) as container:
                stream = _video_stream(container)
                stream.thread_type = "AUTO"
                if stream.duration is not None and stream.time_base is not None:
                    expected_s = float(stream.duration * stream.time_base)
                for picture in container.decode(stream):
                    if picture.time is None:
                        at_ms = last_ms + 1000 / float(self.fps) if last_ms >= 0 else 0.0
                    else:
                        at_ms = picture.time * 1000
                    if start_ms is None:
                        start_ms = at_ms
                    last_ms = max(round(at_ms - start_ms), last_ms + 1)
                    yield TimedPicture(picture, last_ms, index)
                    index += 1
        except (av.FFmpegError, OSError) as error:
            self._break_off(index, _reason(error))
            return
        if last_ms / 1000 + 1 / float(self.fps) < expected_s - TRUNCATION_SLACK_S:
            self._break_off(index, "the file ends early")

    def _break_off(self, frames: int, reason: str) -> None:
        self.broken = reason
        logger.warning("%s breaks off after %d frames: %s", self.path.name, frames, reason)

    def _unreadable(self, reason: str) -> ConfappError:
        return ConfappError(
            "clip-unreadable",
            f"{self.path} cannot be read as a video ({reason}); use a clip such as MP4 or WebM.",
        )


class _NoVideoError(Exception):
    pass


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _video_stream(container: "av.container.InputContainer") -> "av.VideoStream":
    if container.format.name == "image2" or container.format.name.endswith("_pipe"):
        raise _NoVideoError("it is a photo, not a clip")
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:  # the cover of a song
            return stream
    raise _NoVideoError("it holds no video track")


def _frame_rate(stream: "av.VideoStream") -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and MIN_FPS <= rate <= MAX_FPS:
            return Fraction(rate)
    return FALLBACK_FPS
