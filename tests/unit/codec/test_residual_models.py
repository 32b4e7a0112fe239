"""The integers that both ends must agree on."""

import hashlib
from itertools import pairwise

import numpy as np

from confapp.codec.residual_models import (
    BOUNDS,
    CLASSES,
    ESCAPE,
    LARGEST,
    SPREAD_BITS,
    SYMBOLS,
    _frequencies,
    classes_of,
    scaled_down,
    spread_of_class,
)

# A change here is a change of the format: give it a new version in the message's header.
DIGEST = "0044890d05d6912c5b5c8cbef6d3a71b52b3daf65fccc795a0e9867fb180a816"


def test_the_models_are_the_ones_of_this_format() -> None:
    frequencies = np.array([_frequencies(index) for index in range(CLASSES)], ">u4")
    digest = hashlib.sha256(frequencies.tobytes() + BOUNDS.astype(">i8").tobytes())
    assert digest.hexdigest() == DIGEST


def test_each_model_is_a_distribution() -> None:
    for index in range(CLASSES):
        frequencies = _frequencies(index)
        assert len(frequencies) == SYMBOLS
        assert sum(frequencies) == 1 << 16
        assert min(frequencies) >= 1
        sizes = frequencies[LARGEST:ESCAPE]
        assert sizes == frequencies[LARGEST::-1]
        assert all(near >= far for near, far in pairwise(sizes))


def test_classes_grow_with_the_spread() -> None:
    spreads = np.array([spread_of_class(index) for index in range(CLASSES)])
    assert (classes_of(spreads) == np.arange(CLASSES)).all()
    assert (np.diff(spreads) > 0).all()
    assert spreads[28] == 1 << SPREAD_BITS


def test_activity_scales_by_quarter_octaves() -> None:
    sizes = np.array([0, 1, 100])
    for activity in range(-16, 17):
        expected = sizes * 2.0 ** (SPREAD_BITS - activity / 4)
        assert np.allclose(scaled_down(sizes, activity), expected, rtol=2e-4, atol=1)
