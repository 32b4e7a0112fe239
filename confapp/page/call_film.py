"""The film of a call that the page starts and stops; the other side is asked first."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from confapp.call.control_message import RecordingStep
from confapp.errors import ConfappError
from confapp.media.recorder import Recorder
from confapp.page.page_phase import RecordingState
from receiver.rendered_frame import RenderedFrame

FPS = Fraction(25)  # nominal; pictures are written with their own times
ANSWER_S = 60.0  # how long the other side may take to answer
Send = Callable[[RecordingStep], None]


class CallFilm:
    """At most one film at a time; all but `write` belongs to the event loop.

    Args:
        folder: where the films go, named after the time.
        size: side of the pictures in pixels.
        on_change: told the state and the film's path.

    Attributes:
        state: whether pictures are kept.
    """

    def __init__(
        self, folder: Path, size: int, on_change: Callable[[RecordingState, Path | None], None]
    ) -> None:
        self.state = RecordingState.OFF
        self._folder = folder
        self._size = size
        self._on_change = on_change
        self._answer: asyncio.Future[bool] | None = None
        self._recorder: Recorder | None = None
        self._lock = threading.Lock()

    async def start(self, send: Send) -> bool:
        """Ask the other side, and begin if it agrees; False when it does not.

        Args:
            send: takes a step to the other side.

        Raises:
            ConfappError: `record-unwritable`.
        """
        if self.state is not RecordingState.OFF:
            return True
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._change(RecordingState.ASKED)
        send("ask")
        try:
            async with asyncio.timeout(ANSWER_S):
                agreed = bool(await answer)
        except TimeoutError:
            agreed = False
        finally:
            self._answer = None
        if not agreed:
            self._change(RecordingState.OFF)
            return False
        path = self._folder / f"confapp-{datetime.now():%Y-%m-%d-%H%M%S}.mp4"
        try:
            recorder = Recorder(path, (self._size, self._size), FPS)
        except ConfappError:
            self._change(RecordingState.OFF)
            raise
        with self._lock:
            self._recorder = recorder
        self._change(RecordingState.ON, path)
        return True

    def on_answer(self, *, agreed: bool) -> None:
        """What the other side says; passed over when nobody has asked."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(agreed)

    def write(self, frame: RenderedFrame) -> None:
        """Keep a picture if a film is on, from any thread.

        Raises:
            ConfappError: `record-failed`, once; nothing is kept after it.
        """
        with self._lock:
            if self._recorder is None:
                return
            try:
                self._recorder.write(frame.rgb, frame.timestamp_ms)
            except ConfappError:
                self._recorder = None
                raise

    async def stop(self, send: Send | None) -> None:
        """Finish the film, or do not wait for the answer any more.

        Args:
            send: as in `start`; None when the other side is gone.

        Raises:
            ConfappError: `record-failed`.
        """
        self.on_answer(agreed=False)
        with self._lock:
            recorder, self._recorder = self._recorder, None
        if self.state is not RecordingState.ON:
            return
        self._change(RecordingState.OFF)
        if send is not None:
            send("stop")
        if recorder is not None:
            await asyncio.to_thread(recorder.close)

    def _change(self, state: RecordingState, path: Path | None = None) -> None:
        self.state = state
        self._on_change(state, path)
