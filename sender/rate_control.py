"""How much to send: what the link takes, and no more."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

QUEUE_S = 0.25  # messages that take so much longer than the quickest wait in a queue somewhere
SLOW_IN_A_ROW = 3
BASE_AGE_S = 30.0  # the quickest is looked for anew, since paths change
SETTLE_S = 1.0  # before a step shows
TRY_AGAIN_S = 4.0  # without trouble, before more is sent
LONGEST_TRY_S = 60.0  # the wait doubles with every try that fails
FOLLOWED = 64  # messages on their way
# Where each frame travels twice, two make a message at 25 a second: what is lost comes again 80 ms
# later, and the picture waits no longer than for that.
TWICE_DELAY_MS = 60


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to send.

    Attributes:
        delay_ms: how long a frame may wait for others to travel with.
        level: of the quantiser.
        every: one of so many captured frames is sent.
    """

    delay_ms: int
    level: int
    every: int


# Each rung costs less wire than the one before, and the picture as little as possible: first
# delay, which costs it nothing, then precision, which is below what is seen, then smoothness.
LADDER = (
    Rung(delay_ms=100, level=0, every=1),
    Rung(delay_ms=160, level=1, every=1),
    Rung(delay_ms=240, level=3, every=1),
    Rung(delay_ms=320, level=4, every=2),
    Rung(delay_ms=480, level=6, every=3),
)


class RateControl:
    """Steps down when the link refuses or delays messages, and up again when it does not.

    Losses alone do not step it down: a radio link that loses a tenth is not relieved by less.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._step = 0
        self._patience_s = TRY_AGAIN_S
        self._stepped_at = clock()
        self._trying = False  # the last step was up
        self._sent_at: OrderedDict[bytes, float] = OrderedDict()
        self._quickest_s = float("inf")
        self._quickest_at = self._stepped_at
        self._slow = 0

    @property
    def rung(self) -> Rung:
        """How to send now."""
        return LADDER[self._step]

    def delay_ms(self, *, twice: bool) -> int:
        """How long a frame may wait for others to travel with, in ms.

        Args:
            twice: each frame travels again with the next message. On a link that is narrow as well
                the rung counts.
        """
        best = self.rung is LADDER[0]
        return TWICE_DELAY_MS if twice and best else self.rung.delay_ms

    def on_sent(self, message: bytes, *, accepted: bool) -> None:
        """The channel took a message, or refused it since it is backed up."""
        now = self._clock()
        if not accepted:
            self._down(now)
            return
        self._sent_at[message] = now
        if len(self._sent_at) > FOLLOWED:
            self._sent_at.popitem(last=False)
        if now - self._stepped_at >= self._patience_s and self._step:
            self._step -= 1
            self._stepped_at = now
            self._trying = True

    def on_delivered(self, message: bytes) -> None:
        """The other end has a message."""
        sent_at = self._sent_at.pop(message, None)
        if sent_at is None:
            return
        now = self._clock()
        took_s = now - sent_at
        if took_s <= self._quickest_s or now - self._quickest_at >= BASE_AGE_S:
            self._quickest_s, self._quickest_at = took_s, now
        self._slow = self._slow + 1 if took_s > self._quickest_s + QUEUE_S else 0
        if self._slow >= SLOW_IN_A_ROW:
            self._down(now)

    def _down(self, now: float) -> None:
        self._slow = 0
        if now - self._stepped_at < SETTLE_S:
            return
        failed = self._trying and now - self._stepped_at < 2 * self._patience_s
        self._patience_s = min(2 * self._patience_s, LONGEST_TRY_S) if failed else TRY_AGAIN_S
        self._trying = False
        self._step = min(self._step + 1, len(LADDER) - 1)
        self._stepped_at = now
        self._sent_at.clear()  # what is on its way was sent the old way
