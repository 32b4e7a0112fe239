"""Noise suppression and gain control of WebRTC, where the extra `audio` is installed."""

from collections.abc import Callable

import numpy as np

from confapp.media.sound_format import Samples

GAIN_DBFS = 3  # the target lies so far below full scale
SUPPRESSION = 2  # of 0 to 4


def voice_processing() -> Callable[[Samples], Samples]:
    """A function on blocks of `CAPTURE_BLOCK` samples; it changes nothing without the extra."""
    try:
        from webrtc_noise_gain import AudioProcessor  # noqa: PLC0415 (an extra)
    except ImportError:
        return _as_it_is
    processor = AudioProcessor(GAIN_DBFS, SUPPRESSION)

    def process(samples: Samples) -> Samples:
        return np.frombuffer(processor.Process10ms(samples.tobytes()).audio, np.int16)

    return process


def _as_it_is(samples: Samples) -> Samples:
    return samples
