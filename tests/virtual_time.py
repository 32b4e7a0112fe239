"""An event loop that can leave real time: where nothing is to do, its clock jumps ahead."""

import asyncio
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_real_time = time.monotonic


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs in real time, but for `virtual_time`.

    Sockets work in both, since what is sent on one machine is there at once. Threads do not: nobody
    waits for them in virtual time.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds, going on without a step from one kind of time to the other."""
        return self._jumping.time()

    @contextmanager
    def virtual_time(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Leave real time; the clocks of the module `time` as well."""
        with monkeypatch.context() as patched:
            patched.setattr(time, "monotonic", self.time)
            patched.setattr(time, "time", self.time)
            self._jumping.leave_real_time()
            try:
                yield
            finally:
                self._jumping.return_to_real_time()


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self._ahead_s = 0.0  # of real time
        self._now: float | None = None  # in virtual time

    def time(self) -> float:
        return _real_time() + self._ahead_s if self._now is None else self._now

    def leave_real_time(self) -> None:
        self._now = self.time()

    def return_to_real_time(self) -> None:
        self._ahead_s = self.time() - _real_time()
        self._now = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        if self._now is None or timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self._now += timeout
        return ready
