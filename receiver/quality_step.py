"""What is given up first when a machine cannot render every frame."""

from dataclasses import dataclass

from confapp.frame_rate_limit import FrameRateLimit


@dataclass(frozen=True, slots=True)
class Quality:
    """What is rendered at one step.

    Attributes:
        max_fps: most pictures a second; None is every frame that comes.
        share: of the model's own side, at which a picture is made.
    """

    max_fps: int | None
    share: float = 1.0


# The best first: pictures a second are given up before their size, down to where a face still
# moves, and again when the smallest size is too slow. Leaving the motion field out of every second
# frame saves a seventh of the time, so it is no step.
STEPS = (
    Quality(None),
    Quality(20),
    Quality(15),
    Quality(15, 3 / 4),
    Quality(15, 1 / 2),
    Quality(12, 1 / 2),
    Quality(8, 1 / 2),
)
CAMERA_FPS = 25.0  # frames a second that a camera gives, until it is seen
FIXED_COST = 0.1  # of the time of a picture, whatever its size; the rest goes with its area

WINDOW_S = 2.0  # over which the load is measured
OVERLOAD = 0.9  # share of the time that rendering takes, above which a step is given up
COMFORT = 0.8  # share that a better step may be expected to take
PATIENCE_S = 6.0  # comfort in a row before a better step is tried
MOST_PATIENCE_S = 60.0  # after tries that failed; each one doubles it


class QualityStep:
    """Thins the frames, and then makes them smaller, so that there is time for the whole call.

    Without it a machine that is too slow renders without a pause, and what else happens in the
    call has to wait: the other direction, sound, the network. A step that was far too good is left
    at once, as far down as the time of a picture says; for the next one when the load is too much
    twice in a row, as once may be chance. A better one is tried after a while, and later each time
    that it fails.

    It has no clock: what it is told carries the times.

    Attributes:
        step: index into `STEPS`.
        thinned: frames left out so far.
        downs: how often steps were given up.
    """

    def __init__(self) -> None:
        self.step = 0
        self.thinned = 0
        self.downs = 0
        self._limit = FrameRateLimit()
        self._window_start: float | None = None
        self._busy = 0.0
        self._pictures = 0
        self._in_doubt = False
        self._comfortable_since: float | None = None
        self._patience = PATIENCE_S
        self._tried_at: float | None = None
        self._most_seen_fps: float | None = None  # where every frame is rendered

    def begin(self, seconds: float) -> None:
        """Start where a whole picture that took so long fits, before the first frame comes.

        Sizes are given up only for what calls themselves show: one picture may be slow by chance.
        """
        whole_size = sum(quality.share == 1 for quality in STEPS)
        self.step = min(self._fitting(seconds, OVERLOAD), whole_size - 1)

    @property
    def share(self) -> float:
        """Of the model's own side, at which the next picture is to be made."""
        return STEPS[self.step].share

    @property
    def max_fps(self) -> int | None:
        """Most frames a second that are rendered; None for every one that comes."""
        return STEPS[self.step].max_fps

    def takes(self, timestamp_ms: int) -> bool:
        """Whether a frame of the stream is to be rendered.

        Args:
            timestamp_ms: its capture time; frames come in order.
        """
        taken = self._limit.takes(timestamp_ms, self.max_fps)
        self.thinned += not taken
        return taken

    def rendered(self, start: float, end: float) -> None:
        """Take note of a rendering at the present step, in seconds of any one clock."""
        if self._window_start is None:
            self._window_start = start
        self._busy += end - start
        self._pictures += 1
        elapsed = end - self._window_start
        if elapsed >= WINDOW_S:
            if self.step == 0:
                self._most_seen_fps = max(self._most_seen_fps or 0, self._pictures / elapsed)
            self._judge(end, self._busy / elapsed, self._busy / self._pictures)
            self._window_start, self._busy, self._pictures = end, 0.0, 0

    def _judge(self, now: float, load: float, seconds: float) -> None:
        better = self._fitting(seconds, COMFORT)
        fitting = self._fitting(seconds, OVERLOAD)
        in_doubt, self._in_doubt = self._in_doubt, load > OVERLOAD
        if load > OVERLOAD:
            self._comfortable_since = None
            if in_doubt or fitting > self.step + 1:
                self._in_doubt = False
                self._give_up(now, fitting)
        elif better >= self.step:
            self._comfortable_since = None
        elif self._comfortable_since is None:
            self._comfortable_since = now
        elif now - self._comfortable_since >= self._patience:
            self._comfortable_since = None
            self.step = better
            self._tried_at = now

    def _fitting(self, seconds: float, load: float) -> int:
        """The best step that takes at most that load, by the seconds of a picture at this one."""
        whole = seconds / _cost(STEPS[self.step])
        every_frame = self._most_seen_fps or CAMERA_FPS
        for step, quality in enumerate(STEPS):
            if whole * _cost(quality) * (quality.max_fps or every_frame) <= load:
                return step
        return len(STEPS) - 1

    def _give_up(self, now: float, fitting: int) -> None:
        if self.step == len(STEPS) - 1:
            return
        self.step = max(self.step + 1, fitting)
        self.downs += 1
        failed = self._tried_at is not None and now - self._tried_at < self._patience
        self._patience = min(self._patience * 2, MOST_PATIENCE_S) if failed else PATIENCE_S


def _cost(quality: Quality) -> float:
    """The time of a picture, in those of one of the whole size."""
    return FIXED_COST + (1 - FIXED_COST) * quality.share**2
