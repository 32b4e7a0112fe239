"""How long motion takes to be acknowledged, and so how much of a queue there is on the way."""

from collections import OrderedDict, deque
from collections.abc import Callable

FOLLOWED = 64  # messages on their way
IN_A_ROW = 3  # one that is acknowledged late, since the answer before was lost, is no queue
BASE_AGE_S = 30.0  # the quickest is looked for anew, since paths change


class DeliveryDelay:
    """Follows motion messages, which are never sent again: what delays them is the way itself.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent_at: OrderedDict[bytes, float] = OrderedDict()
        self._took: deque[float] = deque(maxlen=IN_A_ROW)
        self._quickest_s = float("inf")
        self._quickest_at = clock()

    def on_sent(self, message: bytes) -> None:
        """The channel took a message."""
        self._sent_at[message] = self._clock()
        if len(self._sent_at) > FOLLOWED:
            self._sent_at.popitem(last=False)

    def on_delivered(self, message: bytes) -> None:
        """The other end has a message."""
        sent_at = self._sent_at.pop(message, None)
        if sent_at is None:
            return
        now = self._clock()
        took_s = now - sent_at
        if took_s <= self._quickest_s or now - self._quickest_at >= BASE_AGE_S:
            self._quickest_s, self._quickest_at = took_s, now
        self._took.append(took_s)

    @property
    def queue_s(self) -> float:
        """How much longer than the quickest each of the last messages took, at the least."""
        return max(0.0, min(self._took) - self._quickest_s) if self._took else 0.0
