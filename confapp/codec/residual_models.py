"""Integer models of residuals: two-sided geometric distributions on a ladder of mean sizes.

Every probability is an integer worked out from integers alone, so that all machines agree on all of
them. A residual's model is chosen by its expected size (a spread, kept in 2^-16ths of a step) and
by the frame's activity, which scales all spreads and is sent with the frame.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from confapp.codec.code_word import FREQUENCY_BITS, Model, integer_models

SPREAD_BITS = 16  # a spread of 1 << SPREAD_BITS expects residuals of size 1
STEPS_AN_OCTAVE = 4
LOWEST_OCTAVE = -7
CLASSES = 64  # mean sizes from 2^-7 to 2^8.75
QUARTER_OCTAVES = (65536, 77936, 92682, 110218)  # 2^(i/4) in 2^-16ths

LARGEST = 127  # residuals beyond this are escaped
ESCAPE = 2 * LARGEST + 1
SYMBOLS = ESCAPE + 1

# Real residuals are peaked and heavy-tailed: one in eight comes from a distribution that is four
# times as wide.
TAIL_SHARE_BITS = 3
TAIL_OCTAVES = 2

ACTIVITIES = 33  # -16 to 16 quarter octaves about what the reference's distance lets expect
FIXED = 32  # bits of the fixed point within this file


def spread_of_class(index: int) -> int:
    """The mean size that a class stands for, in 2^-16ths."""
    octave, quarter = divmod(index, STEPS_AN_OCTAVE)
    shift = octave + LOWEST_OCTAVE
    mean = QUARTER_OCTAVES[quarter]
    return mean << shift if shift >= 0 else mean >> -shift


SMALLEST_SPREAD = spread_of_class(0)
LARGEST_SPREAD = spread_of_class(CLASSES - 1)
# a spread belongs to the class that it is less than an eighth of an octave from
BOUNDS: NDArray[np.int64] = np.array(
    [math.isqrt(spread_of_class(i) * spread_of_class(i + 1)) for i in range(CLASSES - 1)]
)


def classes_of(spreads: NDArray[np.int64]) -> NDArray[np.int64]:
    """The class of each spread."""
    return np.searchsorted(BOUNDS, spreads, side="right")


def scaled_down(sizes: NDArray[np.int64], activity: int) -> NDArray[np.int64]:
    """Sizes of residuals as spreads, with the frame's activity taken out."""
    octave, quarter = divmod(-activity, STEPS_AN_OCTAVE)
    spreads = sizes * QUARTER_OCTAVES[quarter]
    return spreads << octave if octave >= 0 else spreads >> -octave


def _geometric(mean: int) -> list[int]:
    """P(|r| = size, one sign) of the two-sided geometric distribution with E|r| = mean / 2^16.

    E|r| = 2 d / (1 - d^2) for the decay d, so d = (sqrt(1 + m^2) - 1) / m;
    P(0) = (1 - d) / (1 + d).
    """
    one = 1 << FIXED
    mean <<= FIXED - SPREAD_BITS
    decay = ((math.isqrt(one * one + mean * mean) - one) << FIXED) // mean
    shares = [((one - decay) << FIXED) // (one + decay)]
    for _ in range(LARGEST):
        shares.append(shares[-1] * decay >> FIXED)
    return shares


def _frequencies(index: int) -> list[int]:
    """The class's frequencies of the residuals -127 to 127 and the escape, of sum 2^16."""
    mean = spread_of_class(index)
    sizes = [
        peak - (peak >> TAIL_SHARE_BITS) + (tail >> TAIL_SHARE_BITS)
        for peak, tail in zip(_geometric(mean), _geometric(mean << TAIL_OCTAVES), strict=True)
    ]
    total = 1 << FREQUENCY_BITS
    inside = sizes[0] + 2 * sum(sizes[1:])
    shares = [*sizes[:0:-1], *sizes, max(0, (1 << FIXED) - inside)]
    frequencies = [1 + ((total - SYMBOLS) * share >> FIXED) for share in shares]
    frequencies[LARGEST] += total - sum(frequencies)
    return frequencies


@cache
def residual_models() -> list[Model]:
    """The model of each class; symbol r + 127 is the residual r, the last symbol the escape."""
    return integer_models(np.array([_frequencies(index) for index in range(CLASSES)]))


@cache
def residual_costs() -> NDArray[np.float32]:
    """(classes, symbols) information in bits, for the encoder's choices and for accounts."""
    frequencies = np.array([_frequencies(index) for index in range(CLASSES)], dtype=np.float64)
    return (FREQUENCY_BITS - np.log2(frequencies)).astype(np.float32)


@cache
def activity_model() -> Model:
    """Symbol a + 16 is an activity of a quarter octaves above what is expected."""
    half = ACTIVITIES // 2
    frequencies = _frequencies(_ACTIVITY_CLASS)
    inner = np.array(frequencies[LARGEST - half : LARGEST + half + 1])
    inner[half] += (1 << FREQUENCY_BITS) - inner.sum()
    return integer_models(inner[None])[0]


@cache
def activity_costs() -> NDArray[np.float32]:
    """(activities,) information in bits."""
    half = ACTIVITIES // 2
    costs: NDArray[np.float32] = residual_costs()[
        _ACTIVITY_CLASS, LARGEST - half : LARGEST + half + 1
    ]
    return costs


_ACTIVITY_CLASS = int(classes_of(np.array([3 << SPREAD_BITS]))[0])


def expected_activity(distance: int) -> int:
    """How far ahead of its reference a frame is widens its residuals: a random walk's root."""
    return STEPS_AN_OCTAVE // 2 * (max(1, distance).bit_length() - 1)
