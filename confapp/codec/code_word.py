"""The shortest bytes that say what a range coder was given."""

from typing import TypeAlias

import constriction
import numpy as np
from numpy.typing import NDArray

from confapp.codec.errors import MalformedPacketError

FREQUENCY_BITS = 16  # frequencies of a model sum to 2^16
MODEL_BITS = 24  # constriction's fixed point
WORD_BITS = 32  # what constriction writes at a time
STATE_BITS = 64  # of its lower bound and range

Model: TypeAlias = constriction.stream.model.Categorical
Encoder: TypeAlias = constriction.stream.queue.RangeEncoder
Decoder: TypeAlias = constriction.stream.queue.RangeDecoder


def integer_models(frequencies: NDArray[np.integer]) -> list[Model]:
    """One model a row of (models, symbols) integers >= 1, each row of sum 2^16.

    With perfect=False constriction scales the weights to a sum of 2^24 - symbols, rounds the
    running sums down and adds 1 to each symbol. These weights are integers of that very sum: scale
    1, nothing to round, so every machine codes with frequency / 2^16 to the bit.
    """
    weights = frequencies.astype(np.float64) * (1 << (MODEL_BITS - FREQUENCY_BITS)) - 1
    return [Model(row, perfect=False, lazy=False) for row in weights]


def code_word(encoder: Encoder) -> bytes:
    """The shortest byte string of which every continuation lies in the encoder's interval.

    So no code word begins another one, and it is half a byte longer than the information in it on
    average (constriction's own words are 32 bits each).
    """
    position, (lower, width) = encoder.pos()
    # The words up to here end in `lower` rounded up to a whole word; step back to the bound.
    words = encoder.get_compressed()[: position + 1].astype(">u4").tobytes()
    start = int.from_bytes(words, "big") << (STATE_BITS - WORD_BITS)
    start -= (start - lower) % (1 << STATE_BITS)

    spare = (width.bit_length() - 1) // 8  # bytes that the interval may leave open
    word = _ceil_shift(start, 8 * spare)
    if (word + 1) << (8 * spare) > start + width:
        spare -= 1
        word = _ceil_shift(start, 8 * spare)
    return word.to_bytes((WORD_BITS * position + STATE_BITS) // 8 - spare, "big")


def decoder_of(word: bytes) -> Decoder:
    """A decoder that reads a code word; after its end it reads zeros.

    Raises:
        MalformedPacketError: no encoder writes such a word.
    """
    padded = word.ljust(-(-len(word) // 4) * 4, b"\0")
    try:
        return Decoder(np.frombuffer(padded, dtype=">u4").astype(np.uint32))
    except ValueError as error:
        raise MalformedPacketError("The packet's payload is damaged; drop it.") from error


def _ceil_shift(number: int, bits: int) -> int:
    return -(-number >> bits)
