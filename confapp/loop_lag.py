"""How late an event loop is with what it should do."""

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

INTERVAL_S = 0.02
KEPT = 30_000  # samples, the last ten minutes
MS = 1000


class LoopLag:
    """Samples the event loop of a call: a loop that is late holds up packets, sound and pictures.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._late: deque[float] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            due = self._clock() + INTERVAL_S
            await asyncio.sleep(INTERVAL_S)
            self._late.append(self._clock() - due)

    def percentile_ms(self, percent: float) -> float | None:
        """Lateness in milliseconds that so many per cent stay below; None before any sample."""
        return round(float(np.percentile(self._late, percent)) * MS, 2) if self._late else None
