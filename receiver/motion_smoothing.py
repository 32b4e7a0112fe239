"""Motion without the jitter of an estimate, and without lag where something moves.

The one-euro filter (Casiez, Roussel and Vogel, CHI 2012): a low-pass whose cutoff rises with speed,
here above a speed that trembling alone reaches. At rest it takes the trembling out; in a movement,
where nobody sees it, it lets everything through.
"""

import numpy as np
from numpy.typing import NDArray

from confapp.motion_frame import MotionFrame

FloatArray = NDArray[np.float64]

# At rest, in Hz: how slow a change is still followed. The mouth may lag behind its sound the least.
ROTATION_HZ, TRANSLATION_HZ, DEFORMATION_HZ = 1.2, 1.2, 2.0
# Units a second (degrees; half pictures) that count as rest.
ROTATION_REST, TRANSLATION_REST, DEFORMATION_REST = 5.0, 0.05, 0.03
# Hz more for each unit a second above that: at a slow turn of 20 degrees a second, or
# when a lip moves by 0.1 a second, the cutoff is above 8 Hz and the lag below 20 ms.
ROTATION_GAIN, TRANSLATION_GAIN, DEFORMATION_GAIN = 0.7, 100.0, 120.0
SPEED_HZ = 3.0  # cutoff of the speed itself
LONGEST_GAP_S = 0.5  # after more than that it begins anew


class MotionSmoothing:
    """Smooths the frames of one stream, each after the one before."""

    def __init__(self) -> None:
        self._values: FloatArray | None = None
        self._raw: FloatArray = np.zeros(0)
        self._speeds: FloatArray = np.zeros(0)
        self._timestamp_ms = 0

    def smooth(self, motion: MotionFrame) -> MotionFrame:
        """The frame, smoothed by those before it."""
        raw: FloatArray = motion.numbers().astype(np.float64)
        gap_s = (motion.timestamp_ms - self._timestamp_ms) / 1000
        self._timestamp_ms = motion.timestamp_ms
        if self._values is None or self._values.shape != raw.shape or not 0 < gap_s < LONGEST_GAP_S:
            self._values, self._raw, self._speeds = raw, raw, np.zeros_like(raw)
            return motion
        speeds = (raw - self._raw) / gap_s
        self._raw = raw
        self._speeds = self._speeds + _weight(np.array(SPEED_HZ), gap_s) * (speeds - self._speeds)
        cutoff, rest, gain = _parameters(raw.size)
        faster = np.maximum(0.0, np.abs(self._speeds) - rest)
        weight = _weight(cutoff + gain * faster, gap_s)
        self._values = self._values + weight * (raw - self._values)
        numbers = self._values
        return MotionFrame.of(
            numbers[:3], numbers[3:6], numbers[6:].reshape(-1, 3), motion.timestamp_ms
        )


def _weight(cutoff_hz: FloatArray, gap_s: float) -> FloatArray:
    """Of the new value in a first-order low-pass."""
    time_constant = 1 / (2 * np.pi * cutoff_hz)
    return np.asarray(1 / (1 + time_constant / gap_s))


def _parameters(size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cutoff at rest, speed of rest, and gain of each of the 3K + 6 numbers."""
    parameters = np.array(
        [(ROTATION_HZ, ROTATION_REST, ROTATION_GAIN)] * 3
        + [(TRANSLATION_HZ, TRANSLATION_REST, TRANSLATION_GAIN)] * 3
        + [(DEFORMATION_HZ, DEFORMATION_REST, DEFORMATION_GAIN)] * (size - 6)
    )
    return parameters[:, 0], parameters[:, 1], parameters[:, 2]
