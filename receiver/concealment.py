"""Sound in place of what was lost: the last pitch period again and again, fading.

This is waveform substitution as in ITU-T G.711 Appendix I, without its mixing of longer periods.
FFmpeg's decoder offers neither the concealment nor the forward error correction of Opus.
"""

import numpy as np

from confapp.media.sound_format import PLAY_RATE, Samples

SHORTEST, LONGEST = PLAY_RATE // 400, PLAY_RATE // 66  # pitch periods of voices, in samples
TEMPLATE = PLAY_RATE // 100  # what is looked for further back
HISTORY = LONGEST + TEMPLATE  # samples that concealment looks at
COARSE = 4  # the search looks at every fourth sample
WHOLE_SAMPLES = PLAY_RATE // 100  # before the fade begins
FADED_SAMPLES = PLAY_RATE * 120 // 1000  # when it has ended
BLEND = PLAY_RATE * 4 // 1000  # over which sound takes over from its substitute


class Concealment:
    """The substitute for one gap.

    Args:
        history: what was played before, at least `HISTORY` samples.
    """

    def __init__(self, history: Samples) -> None:
        recent = history[-HISTORY:].astype(np.float64)
        self._period = recent[recent.size - _pitch_period(recent) :]
        self._done = 0

    @property
    def samples(self) -> int:
        """How many were made so far."""
        return self._done

    def make(self, count: int) -> Samples:
        """The next samples."""
        places = np.arange(self._done, self._done + count)
        self._done += count
        fading = (FADED_SAMPLES - places) / (FADED_SAMPLES - WHOLE_SAMPLES)
        made = self._period[places % self._period.size] * np.clip(fading, 0.0, 1.0)
        return np.rint(made).astype(np.int16)

    def blend(self, sound: Samples) -> Samples:
        """Sound that goes on after the gap, without a click at its beginning."""
        length = min(BLEND, sound.size)
        weight = np.arange(1, length + 1) / (length + 1)
        blended = sound.copy()
        mixed = self.make(length) * (1 - weight) + sound[:length] * weight
        blended[:length] = np.rint(mixed).astype(np.int16)
        return blended

    def shorten(self, sound: Samples, most: int) -> Samples:
        """Sound that follows the history, shorter by as many whole periods as fit.

        Args:
            sound: what follows.
            most: samples that it may be shorter.
        """
        length = self._period.size * (min(most, sound.size - BLEND) // self._period.size)
        if length <= 0:
            return sound
        weight = np.arange(1, BLEND + 1) / (BLEND + 1)
        mixed = sound[:BLEND] * (1 - weight) + sound[length : length + BLEND] * weight
        return np.concatenate([np.rint(mixed).astype(np.int16), sound[length + BLEND :]])


def _pitch_period(recent: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> int:
    """The lag at which the last milliseconds look most like what was before, in samples."""
    coarse = recent[::-COARSE][::-1]
    template = coarse[-(TEMPLATE // COARSE) :]
    windows = np.lib.stride_tricks.sliding_window_view(coarse, template.size)
    lags = np.arange(SHORTEST // COARSE, min(LONGEST // COARSE, windows.shape[0] - 1) + 1)
    candidates = windows[windows.shape[0] - 1 - lags]
    likeness = candidates @ template
    energy = np.sqrt(np.einsum("ij,ij->i", candidates, candidates)) + 1.0
    return int(lags[np.argmax(likeness / energy)]) * COARSE
