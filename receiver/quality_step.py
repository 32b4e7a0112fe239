"""What is given up first when a machine cannot render every frame."""

# Most pictures a second at each step, the best first; None is every frame that comes. The size of
# a picture is the network's own, and leaving the motion field out of every second frame saves a
# seventh of the time: pictures a second are what there is to save.
STEPS_FPS: tuple[float | None, ...] = (None, 20.0, 15.0, 12.0, 8.0)

WINDOW_S = 2.0  # over which the load is measured
OVERLOAD = 0.9  # share of the time that rendering takes, above which a step is given up
COMFORT = 0.7  # share that the better step may be expected to take
PATIENCE_S = 6.0  # comfort in a row before the better step is tried
MOST_PATIENCE_S = 60.0  # after tries that failed; each one doubles it
MS = 1000.0


class QualityStep:
    """Thins the frames so that rendering leaves time for the rest of the call.

    Without it a machine that is too slow renders without a pause, and what else happens in the
    call has to wait: the other direction, sound, the network. A step that was too good is left at
    once and tried again later, and later each time that it fails.

    It has no clock: what it is told carries the times.

    Attributes:
        step: index into `STEPS_FPS`.
        thinned: frames left out so far.
        downs: how often a step was given up.
    """

    def __init__(self) -> None:
        self.step = 0
        self.thinned = 0
        self.downs = 0
        self._due_ms = 0.0
        self._window_start: float | None = None
        self._busy = 0.0
        self._comfortable_since: float | None = None
        self._patience = PATIENCE_S
        self._tried_at: float | None = None

    def takes(self, timestamp_ms: int) -> bool:
        """Whether a frame of the stream is to be rendered.

        Args:
            timestamp_ms: its capture time; frames come in order.
        """
        interval = _interval_ms(self.step)
        if self._due_ms - timestamp_ms > max(interval, MS):  # another stream has begun
            self._due_ms = timestamp_ms
        if timestamp_ms < self._due_ms:
            self.thinned += 1
            return False
        self._due_ms = max(self._due_ms + interval, timestamp_ms)
        return True

    def rendered(self, start: float, end: float) -> None:
        """Take note of a rendering, in seconds of any one clock."""
        if self._window_start is None:
            self._window_start = start
        self._busy += end - start
        elapsed = end - self._window_start
        if elapsed >= WINDOW_S:
            self._judge(end, self._busy / elapsed)
            self._window_start, self._busy = end, 0.0

    def _judge(self, now: float, load: float) -> None:
        if load > OVERLOAD:
            self._comfortable_since = None
            self._give_up(now)
        elif self.step == 0 or load * _ratio(self.step) > COMFORT:
            self._comfortable_since = None
        elif self._comfortable_since is None:
            self._comfortable_since = now
        elif now - self._comfortable_since >= self._patience:
            self._comfortable_since = None
            self.step -= 1
            self._tried_at = now

    def _give_up(self, now: float) -> None:
        if self.step == len(STEPS_FPS) - 1:
            return
        self.step += 1
        self.downs += 1
        failed = self._tried_at is not None and now - self._tried_at < self._patience
        self._patience = min(self._patience * 2, MOST_PATIENCE_S) if failed else PATIENCE_S


def _interval_ms(step: int) -> float:
    fps = STEPS_FPS[step]
    return 0.0 if fps is None else MS / fps


def _ratio(step: int) -> float:
    """How much more the next better step asks for; a camera gives 25 to 30 frames a second."""
    return (STEPS_FPS[step - 1] or 30.0) / (STEPS_FPS[step] or 30.0)
