"""How sound is coded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpusPlan:
    """Bit rate and frame of an Opus encoder.

    Attributes:
        bitrate: of the coded sound in bit/s, 6000 to 64000.
        frame_ms: 20, 40 or 60. Short frames lose less with each packet; headers cost 20 kbit/s at
            20 ms and 7 at 60.
    """

    bitrate: int
    frame_ms: int
