"""A piece of coded sound as it travels (RTP, RFC 3550)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """One RTP packet of the peer.

    Attributes:
        stream: SSRC; another one is a new stream, whose numbers and times begin anew.
        sequence: 16 bits; counts packets, so a gap is a loss.
        timestamp: 32 bits, in samples at 48 kHz; a gap without a loss is a pause.
        payload: a packet of Opus.
        arrival: seconds on our clock.
    """

    stream: int
    sequence: int
    timestamp: int
    payload: bytes
    arrival: float
