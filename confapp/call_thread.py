"""A call beside the window: windows belong to the main thread, so the call takes another."""

import asyncio
import contextlib
import signal
import threading

from confapp.call_summary import CallSummary
from confapp.media.window import PreviewWindow
from confapp.participant import Participant

JOIN_S = 0.1
HANG_UP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
WINDOW_TITLE = "confapp"


class CallThread(threading.Thread):
    """Runs one participant's call on an event loop of its own."""

    def __init__(self, participant: Participant, room_url: str) -> None:
        super().__init__(name="call")
        self._participant = participant
        self._room_url = room_url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[CallSummary] | None = None
        self._error: BaseException | None = None
        self._summary: CallSummary | None = None
        self._running = threading.Event()
        self._hung_up = False

    def run(self) -> None:
        """The thread's life: the call from joining to leaving."""
        try:
            self._summary = asyncio.run(self._hold())
        except BaseException as error:  # handed over to whoever asks for the result
            self._error = error
        finally:
            self._running.set()

    def hang_up(self) -> None:
        """Leave the call; returns at once. Only the first call counts."""
        if self._hung_up:
            return
        self._hung_up = True
        self._running.wait()
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)

    def result(self) -> CallSummary:
        """The account of the call, once the thread has ended.

        Raises:
            ConfappError: what ended the call early.
        """
        if self._error is not None:
            raise self._error
        assert self._summary is not None  # noqa: S101 (no error, so there is a summary)
        return self._summary

    async def _hold(self) -> CallSummary:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._participant.run(self._room_url))
        self._running.set()
        return await self._task


def hold_call(participant: Participant, room_url: str, *, window: bool) -> CallSummary:
    """Hold a call from the main thread until somebody leaves, or Ctrl-C or the window ends it.

    Raises:
        ConfappError: what ended the call early; `no-display` before it begins.
    """
    shown = PreviewWindow(WINDOW_TITLE) if window else None
    call = CallThread(participant, room_url)
    before = {
        number: signal.signal(number, lambda *_: call.hang_up()) for number in HANG_UP_SIGNALS
    }
    call.start()
    try:
        while call.is_alive():
            if shown is None:
                call.join(JOIN_S)
            else:
                _attend(call, participant, shown)
    finally:
        call.hang_up()
        call.join()
        for number, handler in before.items():
            signal.signal(number, handler)
        if shown is not None:
            shown.close()
    return call.result()


def _attend(call: CallThread, participant: Participant, shown: PreviewWindow) -> None:
    """Show the newest picture, take over where the trackbars stand, and leave when asked to."""
    if participant.pictures:
        shown.show(participant.pictures.pop().rgb)
    events = shown.poll()
    participant.offset = events.offset
    if events.quit:
        call.hang_up()
        call.join()
