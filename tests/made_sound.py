"""Sound of the tests' own making."""

import wave
from pathlib import Path

import numpy as np

from confapp.media.sound_format import CAPTURE_RATE, Samples


def vowel(seconds: float, pitch_hz: float = 120.0, rate: int = CAPTURE_RATE) -> Samples:
    """Something like a sung vowel: harmonics of a pitch, falling by 6 dB an octave."""
    times = np.arange(round(seconds * rate)) / rate
    harmonics = np.arange(1, 12)[:, None]
    wave_form = (np.sin(2 * np.pi * pitch_hz * harmonics * times) / harmonics).sum(axis=0)
    samples: Samples = np.rint(5000 * wave_form).astype(np.int16)
    return samples


def write_wav(path: Path, samples: Samples, rate: int = CAPTURE_RATE) -> Path:
    """Samples as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path
