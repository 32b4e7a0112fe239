"""Times of samples, from a sound card's count and a monotonic clock that reads unevenly."""

FOLLOW = 0.01  # of what a reading is off; sound cards are off by some 50 ppm
JUMP_S = 0.2  # more than that is a gap in the sound, not the clock


class SampleClock:
    """A straight line through the times at which blocks of samples come.

    Args:
        rate: samples a second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._next: float | None = None

    def stamp(self, samples: int, ended: float) -> float:
        """When the first of these samples was taken.

        Args:
            samples: how many have come.
            ended: seconds at which the last one was taken, give or take.
        """
        length_s = samples / self._rate
        began = ended - length_s
        if self._next is None or abs(began - self._next) > JUMP_S:
            self._next = began
        stamped = self._next + FOLLOW * (began - self._next)
        self._next = stamped + length_s
        return stamped
