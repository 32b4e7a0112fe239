"""Frames left out, so that no more than so many a second remain."""

MS = 1000.0


class FrameRateLimit:
    """Chooses frames of one stream: of an even grid's times, the frame nearest to each.

    The nearest one, and not the first one after: clocks tremble, and where every second frame is
    to go, that would choose now the earlier and now the later of two.
    """

    def __init__(self) -> None:
        self._offered_ms = 0
        self._grid_ms: float | None = None  # where the last frame taken belongs

    def takes(self, timestamp_ms: int, max_fps: float | None) -> bool:
        """Whether a frame is to be used.

        Args:
            timestamp_ms: its capture time; frames come in order, and one that is older than the one
                before begins another stream.
            max_fps: frames a second at most, in the long run; None for every frame. It may change
                from frame to frame.
        """
        step_ms = timestamp_ms - self._offered_ms
        self._offered_ms = timestamp_ms
        if max_fps is None or self._grid_ms is None or step_ms < 0:
            self._grid_ms = float(timestamp_ms)
            return True
        interval_ms = MS / max_fps
        if timestamp_ms + step_ms / 2 < self._grid_ms + interval_ms:
            return False
        self._grid_ms = max(self._grid_ms, timestamp_ms - 2 * interval_ms) + interval_ms
        return True
