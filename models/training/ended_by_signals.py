"""Ctrl-C and SIGTERM end a run in good order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    """Within it SIGINT and SIGTERM call `end`; a second SIGINT does what it did before.

    (torchrun sends its processes a SIGTERM after the terminal's SIGINT.) A signal that is ignored
    stays so, as SIGINT is in a shell's background jobs. For the main thread.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {
        number: handler
        for number, handler in handlers.items()
        if handler not in (None, signal.SIG_IGN)
    }

    def heed(_number: int, _frame: FrameType | None) -> None:
        if signal.SIGINT in before:
            signal.signal(signal.SIGINT, before[signal.SIGINT])
        end()

    for number in before:
        signal.signal(number, heed)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
