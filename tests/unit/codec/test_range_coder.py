import constriction
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from confapp.codec import MalformedPacketError, PacketError, TruncatedPacketError
from confapp.codec.range_coder import RangeCoder

POSITIONS = 12


def skewed_frequencies(seed: int) -> NDArray[np.uint16]:
    """Rows in which few byte values are likely, as in real tables."""
    rng = np.random.default_rng(seed)
    likely = [rng.multinomial(65536 - 256, rng.dirichlet(np.full(256, 0.05))) for _ in range(12)]
    return (1 + np.array(likely)).astype(np.uint16)


def reference_word(frequencies: NDArray[np.uint16], message: bytes) -> bytes:
    """The code word from its definition: the interval in long integers, then trial of lengths."""
    low, width, bits = 0, (1 << 64) - 1, 64
    for row, symbol in zip(frequencies.tolist(), message, strict=True):
        scale = width >> 24
        low += scale * 256 * sum(row[:symbol])
        width = scale * 256 * row[symbol]
        if width < 1 << 32:
            low, width, bits = low << 32, width << 32, bits + 32
    for length in range(1, bits // 8 + 1):
        unit = 1 << (bits - 8 * length)
        word = -(-low // unit)
        if (word + 1) * unit <= low + width:
            return word.to_bytes(length, "big")
    raise AssertionError("an interval of a coder always holds a word")


FREQUENCIES = skewed_frequencies(0)
CODER = RangeCoder(FREQUENCIES)
messages = st.binary(min_size=POSITIONS, max_size=POSITIONS)


@given(messages)
@settings(max_examples=300)
def test_round_trip(message: bytes) -> None:
    assert CODER.decode(CODER.encode(message), POSITIONS) == message


def test_likely_messages_too() -> None:
    """Many words of few bits each: the coder's carries over pending words come up here."""
    rng = np.random.default_rng(1)
    columns = [rng.choice(256, 2000, p=row / 65536) for row in FREQUENCIES]
    for row in np.stack(columns, axis=1).astype(np.uint8):
        message = row.tobytes()
        word = CODER.encode(message)
        assert word == reference_word(FREQUENCIES, message)
        assert CODER.decode(word, POSITIONS) == message


@given(messages)
@settings(max_examples=300)
def test_code_word_is_the_one_defined(message: bytes) -> None:
    assert CODER.encode(message) == reference_word(FREQUENCIES, message)


@given(messages, st.data())
def test_no_beginning_of_a_code_word_is_one(message: bytes, data: st.DataObject) -> None:
    word = CODER.encode(message)
    cut = data.draw(st.integers(0, len(word) - 1))
    with pytest.raises(PacketError):
        CODER.decode(word[:cut], POSITIONS)


@given(messages, st.binary(min_size=1, max_size=6))
def test_nothing_may_follow_a_code_word(message: bytes, tail: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        CODER.decode(CODER.encode(message) + tail, POSITIONS)


def test_a_cut_word_is_told_as_such() -> None:
    word = CODER.encode(bytes(POSITIONS))
    with pytest.raises(TruncatedPacketError):
        CODER.decode(word[: len(word) // 2], POSITIONS)


def test_probabilities_are_the_integers_given() -> None:
    """What two machines must agree on: no rounding between the table and the coder."""
    frequencies = FREQUENCIES[0].astype(np.float64)
    model = constriction.stream.model.Categorical(frequencies * 256 - 1, perfect=False, lazy=False)
    scale = ((1 << 64) - 1) >> 24
    below = 0
    for symbol, frequency in enumerate(FREQUENCIES[0].tolist()):
        encoder = constriction.stream.queue.RangeEncoder()
        encoder.encode(symbol, model)
        position, (lower, width) = encoder.pos()
        shift = 32 * position  # the coder shifts a word out when its range is below 2^32
        assert width == (scale * 256 * frequency) << shift
        assert lower == ((scale * 256 * below) << shift) % (1 << 64)
        below += frequency


def test_shorter_messages_use_the_first_rows() -> None:
    short = RangeCoder(FREQUENCIES[:5])
    assert short.encode(b"abcde") == CODER.encode(b"abcde")
    assert CODER.decode(short.encode(b"abcde"), 5) == b"abcde"
