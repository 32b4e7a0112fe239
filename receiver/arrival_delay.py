"""How unevenly packets come, and so how long sound must wait to be whole."""

from collections import deque

import numpy as np

REMEMBERED = 256  # packets, 5 to 15 s
WHOLE = 0.97  # share of the packets that come in time
MARGIN_S = 0.010  # a block of the speaker
LONGEST_S = 1.0


class ArrivalDelay:
    """Follows arrivals against the sender's own times.

    Args:
        remembered: of how many packets.
        longest_s: the target is never longer.
        margin_s: for whoever asks for the packets only now and then.
        whole: share of the packets that should come in time.

    Attributes:
        base_s: the fastest packet's arrival minus its time of capture, on two clocks.
        target_s: how much longer after capture than `base_s` packets are played.
    """

    def __init__(
        self,
        remembered: int = REMEMBERED,
        longest_s: float = LONGEST_S,
        margin_s: float = MARGIN_S,
        whole: float = WHOLE,
    ) -> None:
        self._margin_s = margin_s
        self._whole = whole
        self._longest_s = longest_s
        self.base_s = 0.0
        self.target_s = margin_s
        self._offsets: deque[float] = deque(maxlen=remembered)

    def add(self, captured: float, arrival: float) -> None:
        """A packet came.

        Args:
            captured: seconds on the stream's clock.
            arrival: seconds on ours.
        """
        self._offsets.append(arrival - captured)
        offsets = np.array(self._offsets)
        self.base_s = float(offsets.min())
        late_s = float(np.quantile(offsets - self.base_s, self._whole, method="higher"))
        self.target_s = min(late_s + self._margin_s, self._longest_s)

    @property
    def knows(self) -> bool:
        """Something has arrived."""
        return bool(self._offsets)

    @property
    def jitter_s(self) -> float:
        """Standard deviation of the arrivals."""
        return float(np.std(self._offsets)) if self._offsets else 0.0
