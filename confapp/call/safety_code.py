"""A code by which two people notice somebody in the middle.

The signaling server passes on the fingerprints of both certificates, so a lying server could put
its own in their place and listen. Then the two ends see different certificates, and their codes
differ. A server that looks for two certificates of its own with one code has the seconds of
connecting for it; scrypt (RFC 7914) makes each try cost a twentieth of a second and 16 MiB, so that
48 bits of code are enough for that.
"""

import hashlib

from .safety_words import SAFETY_WORDS

WORDS = 6  # of 8 bits each
LABEL = b"confapp safety code 1"
COST, BLOCK, PARALLEL = 1 << 14, 8, 1  # n, r, p of scrypt


def safety_code(one: bytes, other: bytes) -> str:
    """Six words, the same on both sides. Takes about 50 ms: not for an event loop.

    Args:
        one, other: SHA-256 fingerprints of the two certificates of the DTLS connection.
    """
    code = hashlib.scrypt(
        b"".join(sorted((one, other))), salt=LABEL, n=COST, r=BLOCK, p=PARALLEL, dklen=WORDS
    )
    return " ".join(SAFETY_WORDS[byte] for byte in code)
