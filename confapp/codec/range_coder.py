"""Range coding of bytes under one static table a position, to a prefix-free code word."""

import constriction
import numpy as np
from numpy.typing import NDArray

from confapp.codec.errors import MalformedPacketError, TruncatedPacketError

FREQUENCY_BITS = 16  # frequencies of a position sum to 2^16
MODEL_BITS = 24  # constriction's fixed point
WORD_BITS = 32  # what constriction writes at a time
STATE_BITS = 64  # of its lower bound and range


class RangeCoder:
    """Codes byte i of a message with row i of the tables.

    The code word is the shortest byte string of which every continuation lies in the message's
    interval. So no code word begins another one, and a word that was cut short or added to is
    never one itself. It is half a byte longer than the information in the message on average.

    Args:
        frequencies: (positions, 256) integers >= 1, each row of sum 2^16.
    """

    def __init__(self, frequencies: NDArray[np.uint16]) -> None:
        # With perfect=False constriction scales the weights to a sum of 2^24 - 256, rounds the
        # running sums down and adds 1 to each symbol. These weights are integers of that very sum:
        # scale 1, nothing to round, so every machine codes with frequency / 2^16 to the bit.
        weights = frequencies.astype(np.float64) * (1 << (MODEL_BITS - FREQUENCY_BITS)) - 1
        model = constriction.stream.model.Categorical
        self._models = [model(row, perfect=False, lazy=False) for row in weights]

    def encode(self, message: bytes) -> bytes:
        """The code word of a message of 1 to `positions` bytes."""
        encoder = constriction.stream.queue.RangeEncoder()
        for symbol, model in zip(message, self._models, strict=False):
            encoder.encode(symbol, model)
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

    def decode(self, word: bytes, length: int) -> bytes:
        """The message of `length` bytes, 1 to `positions`, whose code word this is.

        Raises:
            TruncatedPacketError: too short for what it decodes to, as any cut code word is.
            MalformedPacketError: any other bytes that `encode` does not give.
        """
        padded = word.ljust(-(-len(word) // 4) * 4, b"\0")
        words = np.frombuffer(padded, dtype=">u4").astype(np.uint32)
        decoder = constriction.stream.queue.RangeDecoder(words)
        try:
            message = bytes([decoder.decode(model) for model in self._models[:length]])
        except AssertionError as error:  # constriction's way of saying: a point outside the code
            raise MalformedPacketError("The packet's payload is damaged; drop it.") from error
        expected = self.encode(message)
        if word == expected:
            return message
        if len(word) < len(expected):
            raise TruncatedPacketError("The packet's payload ends early; drop it.")
        raise MalformedPacketError("The packet's payload is damaged or too long; drop it.")


def _ceil_shift(number: int, bits: int) -> int:
    return -(-number >> bits)
