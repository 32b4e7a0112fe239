"""The film of a call that the page starts and stops."""

import threading
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from confapp.errors import ConfappError
from confapp.media.recorder import Recorder
from receiver.rendered_frame import RenderedFrame

FPS = Fraction(25)  # nominal; pictures are written with their own times


class CallRecording:
    """A new file in a folder, named after the time.

    Raises:
        ConfappError: `record-unwritable`.
    """

    def __init__(self, folder: Path, size: int, now: datetime) -> None:
        self.path = folder / f"confapp-{now:%Y-%m-%d-%H%M%S}.mp4"
        self._recorder = Recorder(self.path, (size, size), FPS)
        self._lock = threading.Lock()
        self._open = True

    def write(self, frame: RenderedFrame) -> ConfappError | None:
        """Keep a picture, from any thread; why nothing is kept any more, once that is so."""
        with self._lock:
            if not self._open:
                return None
            try:
                self._recorder.write(frame.rgb, frame.timestamp_ms)
            except ConfappError as error:
                self._open = False
                return error
        return None

    def close(self) -> None:
        """Finish the file. May be called again.

        Raises:
            ConfappError: `record-failed`.
        """
        with self._lock:
            self._open = False
            self._recorder.close()
