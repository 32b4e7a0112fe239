"""How sound is coded on the link that there is."""

from confapp.opus_plan import OpusPlan

WHOLE = OpusPlan(bitrate=14_000, frame_ms=60)
NARROW = OpusPlan(bitrate=10_000, frame_ms=60)
LOSSY = OpusPlan(bitrate=14_000, frame_ms=20)
LOSSY_AND_NARROW = OpusPlan(bitrate=10_000, frame_ms=40)
MUCH_LOST = 0.04  # share; a frame of 60 ms that is lost is heard
MUCH_REFUSED = 0.1  # share of motion messages that found the channel backed up
LOW_RATE_RTT_S = 0.4  # round trips of that length are most often queues


def sound_plan(lost: float, refused: float, rtt_s: float | None) -> OpusPlan:
    """The plan for a link.

    Args:
        lost: share of what we send that does not arrive.
        refused: share of the motion messages that the channel did not take.
        rtt_s: round trip in seconds; None while it is unknown.
    """
    narrow = refused > MUCH_REFUSED or (rtt_s or 0.0) > LOW_RATE_RTT_S
    if lost > MUCH_LOST:
        return LOSSY_AND_NARROW if narrow else LOSSY
    return NARROW if narrow else WHOLE
