"""Range coding of bytes under one static table a position, to a prefix-free code word."""

import numpy as np
from numpy.typing import NDArray

from confapp.codec.code_word import Encoder, code_word, decoder_of, integer_models
from confapp.codec.errors import MalformedPacketError, TruncatedPacketError


class RangeCoder:
    """Codes byte i of a message with row i of the tables.

    No code word begins another one, and a word that was cut short or added to is never one itself
    (see `code_word`).

    Args:
        frequencies: (positions, 256) integers >= 1, each row of sum 2^16.
    """

    def __init__(self, frequencies: NDArray[np.uint16]) -> None:
        self._models = integer_models(frequencies)

    def encode(self, message: bytes) -> bytes:
        """The code word of a message of 1 to `positions` bytes."""
        encoder = Encoder()
        for symbol, model in zip(message, self._models, strict=False):
            encoder.encode(symbol, model)
        return code_word(encoder)

    def decode(self, word: bytes, length: int) -> bytes:
        """The message of `length` bytes, 1 to `positions`, whose code word this is.

        Raises:
            TruncatedPacketError: too short for what it decodes to, as any cut code word is.
            MalformedPacketError: any other bytes that `encode` does not give.
        """
        decoder = decoder_of(word)
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
