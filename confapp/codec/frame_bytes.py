"""The plain bytes of a frame: what the tables count and the range coder codes.

6K + 12 bytes: the numbers in the order of `MotionFrame.numbers`, each a float16 with its high byte
first: position 2i holds sign, exponent and two mantissa bits of number i, position 2i + 1 the rest.
"""

import numpy as np

from confapp.motion_frame import MotionFrame

WIRE_FLOAT = np.dtype(">f2")


def positions_of(keypoints: int) -> int:
    """How many bytes a frame of so many keypoints has: 6K + 12."""
    return 6 * keypoints + 12


def frame_to_bytes(motion: MotionFrame) -> bytes:
    """All 6K + 12 bytes of a frame."""
    return motion.numbers().astype(WIRE_FLOAT).tobytes()


def frame_from_bytes(data: bytes, timestamp_ms: int) -> MotionFrame:
    """The inverse of `frame_to_bytes`.

    Raises:
        ValueError: a length other than 6K + 12, or numbers that are not finite.
    """
    return MotionFrame.from_numbers(
        np.frombuffer(data, dtype=WIRE_FLOAT).astype(np.float16), timestamp_ms
    )
