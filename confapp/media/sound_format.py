"""How sound is held: 16-bit samples, mono, at two rates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CAPTURE_RATE = 16_000  # samples a second; wideband speech, all that Opus codes at these bit rates
PLAY_RATE = 48_000  # samples a second; what an Opus decoder gives, and the RTP clock (RFC 7587)
BLOCK_MS = 10
CAPTURE_BLOCK = CAPTURE_RATE * BLOCK_MS // 1000
PLAY_BLOCK = PLAY_RATE * BLOCK_MS // 1000
FULL_SCALE = 32768.0
SILENCE_DBFS = -96.0

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Ten milliseconds of a microphone.

    Attributes:
        samples: (CAPTURE_BLOCK,) int16.
        captured: seconds, when the first sample was taken, on the clock of the call.
    """

    samples: Samples
    captured: float


def level_dbfs(samples: Samples) -> float:
    """Root mean square in decibels of full scale, from -96 to 0."""
    if samples.size == 0:
        return SILENCE_DBFS
    rms = float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) / FULL_SCALE
    return max(SILENCE_DBFS, 20 * float(np.log10(rms))) if rms > 0 else SILENCE_DBFS
