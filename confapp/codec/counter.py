"""A counter that travels as 16 bits and counts on at the other end."""

from confapp.codec.packet import COUNTER_MODULUS

# Reordering is short and pauses are long: an eighth of the circle is late (8 s of milliseconds),
# the rest is ahead (57 s).
LATE_WINDOW = COUNTER_MODULUS // 8


class WrappingCounter:
    """Unwraps a 16-bit counter against the newest value seen (after RFC 1982; RFC 3550, A.1)."""

    def __init__(self) -> None:
        self._newest: int | None = None

    def unwrap(self, value: int, passed: int = 0) -> int:
        """The whole count that `value`, 0 to 65535, stands for.

        The first value is taken as it is. Later ones are up to 8192 behind the newest or less than
        57344 ahead of it. Negative: from before the first value's zero.

        Args:
            value: 0 to 65535.
            passed: about how far a clock's count went on since the last value, for pauses longer
                than that.

        Raises:
            ValueError: a value outside 16 bits.
        """
        if not 0 <= value < COUNTER_MODULUS:
            raise ValueError(f"a 16-bit counter is 0 to 65535, not {value}")
        if self._newest is None:
            self._newest = value
            return value
        oldest = self._newest + passed - LATE_WINDOW
        count = oldest + (value - oldest) % COUNTER_MODULUS
        self._newest = max(self._newest, count)
        return count
