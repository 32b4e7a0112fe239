"""How unevenly packets come, and so how long sound must wait to be whole."""

from collections import deque

import numpy as np

REMEMBERED = 256  # packets, 5 to 15 s
WHOLE = 0.97  # share of the packets that come in time
MARGIN_S = 0.010  # for the speaker's own blocks
LONGEST_S = 1.0


class ArrivalDelay:
    """Follows arrivals against the sender's own times.

    Attributes:
        base_s: the fastest packet's arrival minus its time of capture, on two clocks.
        target_s: how much longer after capture than `base_s` packets are played.
    """

    def __init__(self) -> None:
        self.base_s = 0.0
        self.target_s = MARGIN_S
        self._offsets: deque[float] = deque(maxlen=REMEMBERED)

    def add(self, captured: float, arrival: float) -> None:
        """A packet came.

        Args:
            captured: seconds on the stream's clock.
            arrival: seconds on ours.
        """
        self._offsets.append(arrival - captured)
        offsets = np.array(self._offsets)
        self.base_s = float(offsets.min())
        late_s = float(np.quantile(offsets - self.base_s, WHOLE))
        self.target_s = min(late_s + MARGIN_S, LONGEST_S)

    @property
    def jitter_s(self) -> float:
        """Standard deviation of the arrivals."""
        return float(np.std(self._offsets)) if self._offsets else 0.0
