"""Frames into an MP4 file."""

import logging
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from confapp.errors import ConfappError
from confapp.media.video_frame import RgbImage
from confapp.whole_file import part_of

CRF = 18  # x264's constant quality; visually close to lossless
PRESET = "veryfast"  # a recording must not take the cores from a call
TIME_BASE = Fraction(1, 1000)  # timestamps are milliseconds

logger = logging.getLogger(__name__)


class Recorder:
    """Writes RGB frames to an MP4 (H.264, 4:2:0), as far apart as they were shown.

    The first frame's timestamp is the file's 0: a call that is joined late does not begin with a
    minute of nothing.

    The file appears under its name when it is closed, whole, also when the program broke off;
    before that it is NAME.part. Use it as a context manager.

    Args:
        path: ends in .mp4; an older file there is replaced.
        size: (width, height), even numbers of pixels.
        fps: nominal frames a second; the pace of frames that come without a timestamp.

    Raises:
        ConfappError: `record-unwritable`.
        ValueError: an odd size.
    """

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float | Fraction) -> None:
        width, height = size
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise ValueError(f"H.264 wants even sizes, not {width} x {height}")
        self.path = Path(path)
        self.frames = 0
        self._size = size
        self._frame_ms = 1000 / float(fps)
        self._first_ms = 0
        self._last_ms = -1
        self._closed = False
        if self.path.suffix.lower() != ".mp4":
            raise self._unwritable("its name must end in .mp4")
        if not self.path.parent.is_dir():
            raise self._unwritable("its folder does not exist")
        if self.path.is_dir():
            raise self._unwritable("a folder has this name")
        self._part = part_of(self.path)
        try:
            self._part.touch()  # FFmpeg would open it only with the first frame
            self._container = av.open(
                str(self._part), "w", format="mp4", options={"movflags": "faststart"}
            )
            self._stream = self._container.add_stream(
                "libx264", rate=Fraction(fps).limit_denominator(1001)
            )
        except (av.FFmpegError, OSError) as error:
            raise self._unwritable(error.strerror or str(error)) from error
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = TIME_BASE
        self._stream.options = {"crf": str(CRF), "preset": PRESET}

    def write(self, rgb: RgbImage, timestamp_ms: int | None = None) -> None:
        """Add a (H, W, 3) uint8 frame of the recorder's size.

        Args:
            timestamp_ms: when it is shown, on any clock; one that does not rise is moved 1 ms past
                the last.

        Raises:
            ConfappError: `record-failed` when the disk is full or gone.
            ValueError: another size, or a closed recorder.
        """
        if self._closed:
            raise ValueError("the recorder is closed")
        if rgb.shape != (self._size[1], self._size[0], 3):
            raise ValueError(f"the recording is {self._size}, the frame {rgb.shape}")
        if timestamp_ms is None:
            at_ms = round(self.frames * self._frame_ms)
        else:
            if self.frames == 0:
                self._first_ms = timestamp_ms
            at_ms = timestamp_ms - self._first_ms
        self._last_ms = max(at_ms, self._last_ms + 1)
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        picture.pts = self._last_ms
        picture.time_base = TIME_BASE
        try:
            self._container.mux(self._stream.encode(picture))
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        self.frames += 1

    def close(self) -> None:
        """Finish the file; without any frame there is none.

        Raises:
            ConfappError: `record-failed`.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self.frames:
                self._container.mux(self._stream.encode())
            self._container.close()
            if self.frames:
                self._part.replace(self.path)
            else:
                self._part.unlink(missing_ok=True)
                logger.warning("nothing was recorded: %s was not written", self.path.name)
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _unwritable(self, reason: str) -> ConfappError:
        return ConfappError(
            "record-unwritable",
            f"{self.path} cannot be written ({reason}); choose another file.",
        )

    def _failed(self, error: av.FFmpegError | OSError) -> ConfappError:
        return ConfappError(
            "record-failed",
            f"Writing {self.path} failed ({error.strerror or error}); make room on the disk. "
            f"What was written is in {self._part.name}, and may not play.",
        )
