"""What can happen to a packet."""

import numpy as np


def random_bytes(rng: np.random.Generator, _: bytes) -> bytes:
    """Nothing of the packet."""
    return rng.bytes(int(rng.integers(0, 80)))


def flipped(rng: np.random.Generator, message: bytes) -> bytes:
    """Up to three bits of it turned."""
    mutated = bytearray(message)
    for position in rng.integers(0, len(mutated), rng.integers(1, 4)):
        mutated[position] ^= 1 << int(rng.integers(0, 8))
    return bytes(mutated)


def cut(rng: np.random.Generator, message: bytes) -> bytes:
    """Its beginning."""
    return message[: rng.integers(0, len(message))]


def spliced(rng: np.random.Generator, message: bytes) -> bytes:
    """Bytes put in, and some taken out."""
    at, extra = int(rng.integers(0, len(message) + 1)), int(rng.integers(1, 9))
    filler = rng.bytes(extra) if rng.random() < 0.5 else bytes([255 * int(rng.integers(2))]) * extra
    return message[:at] + filler + message[at + int(rng.integers(0, 9)) :]
