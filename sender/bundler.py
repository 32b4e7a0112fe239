"""Which frames travel together: headers cost more than motion, and waiting costs delay."""

from confapp.motion_frame import MotionFrame

ROUNDING_MS = 1  # of a frame's time


class Bundler:
    """Collects frames until waiting for one more would keep the first too long.

    Times are the frames' own. The very first frame goes alone, for its answer to come soon.

    Args:
        most_frames: of a bundle.

    Attributes:
        delay_ms: the longest that a frame may wait here; set it at any time.
    """

    def __init__(self, most_frames: int, delay_ms: int) -> None:
        self.delay_ms = delay_ms
        self._most_frames = most_frames
        self._waiting: list[MotionFrame] = []
        self._newest_ms: int | None = None

    def add(self, motion: MotionFrame) -> list[MotionFrame]:
        """Take a frame; the bundle if it should go now, else nothing."""
        before_ms, self._newest_ms = self._newest_ms, motion.timestamp_ms
        self._waiting.append(motion)
        if before_ms is None or len(self._waiting) == self._most_frames:
            return self.take()
        next_ms = 2 * motion.timestamp_ms - before_ms
        would_wait_ms = next_ms - self._waiting[0].timestamp_ms
        return [] if would_wait_ms <= self.delay_ms + ROUNDING_MS else self.take()

    def take(self) -> list[MotionFrame]:
        """All that waits here, oldest first."""
        bundle, self._waiting = self._waiting, []
        return bundle
