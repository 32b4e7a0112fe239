"""Sound and picture against one clock: that of whoever is seen and heard."""

from collections.abc import Callable

from confapp.media.sound_format import PLAY_RATE

TIMESTAMPS = 1 << 32  # of RTP
LONGEST_HOLD_S = 0.5  # sound is never kept longer for a picture that is late
SMOOTH = 0.05  # weight of one picture in the delay that sound follows
JUMP_S = 0.5  # a picture delay that is so far off is taken over at once


class LipSync:
    """Knows when what was captured, when it is seen, and when it is heard.

    Pictures are most often the later ones, so sound waits for them: it follows the smoothed delay
    from capture to shown picture. Pictures wait for sound too, but only as long as it takes by
    itself; else the two would wait for each other ever longer.

    Args:
        clock_offset: the peer's clock minus ours in seconds; None while it is unknown. Asked from
            any thread.

    Attributes:
        skew_ms: by how much the sound was captured later than the picture beside it; None before
            both were there. Above zero the sound is ahead.
    """

    def __init__(self, clock_offset: Callable[[], float | None]) -> None:
        self.skew_ms: float | None = None
        self._clock_offset = clock_offset
        self._sound_clock: tuple[int, float] | None = None
        self._picture_delay: float | None = None

    def on_sound_clock(self, timestamp: int, captured: float) -> None:
        """The sample of this RTP timestamp was captured then, in seconds on the peer's clock."""
        self._sound_clock = timestamp, captured

    def captured(self, timestamp: int) -> float | None:
        """When a sample was captured, on the peer's clock; None while that is unknown.

        Args:
            timestamp: RTP, with or without its wraps.
        """
        if self._sound_clock is None:
            return None
        base, captured = self._sound_clock
        return captured + (timestamp - base) % TIMESTAMPS / PLAY_RATE

    def earliest(self, timestamp: int) -> float | None:
        """When a sample should be heard, beside its picture, in seconds on our clock."""
        captured, offset = self.captured(timestamp), self._clock_offset()
        if captured is None or offset is None or self._picture_delay is None:
            return None
        return captured - offset + min(self._picture_delay, LONGEST_HOLD_S)

    def picture_due(self, captured: float, timestamp: int, heard: float) -> float | None:
        """When a picture should be shown, beside sound that does not wait for pictures.

        Args:
            captured: when the picture was captured, in seconds on the peer's clock.
            timestamp: RTP, of some sound.
            heard: when that is heard, in seconds on our clock, if it does not wait for a picture.
        """
        sound, offset = self.captured(timestamp), self._clock_offset()
        if sound is None or offset is None:
            return None
        delay = heard - (sound - offset)
        return captured - offset + min(delay, LONGEST_HOLD_S)

    def on_picture(self, captured: float, shown: float, heard: int | None) -> None:
        """A picture is shown.

        Args:
            captured: when it was captured, in seconds on the peer's clock.
            shown: seconds on our clock.
            heard: the RTP timestamp of what is heard at that time; None in a pause.
        """
        offset = self._clock_offset()
        if offset is None:
            return
        delay = shown - (captured - offset)
        if self._picture_delay is None or abs(delay - self._picture_delay) > JUMP_S:
            self._picture_delay = delay
        self._picture_delay += SMOOTH * (delay - self._picture_delay)
        sound = self.captured(heard) if heard is not None else None
        if sound is not None:
            self.skew_ms = (sound - captured) * 1000

    @property
    def picture_delay_s(self) -> float | None:
        """From capture to shown picture, smoothed."""
        return self._picture_delay
