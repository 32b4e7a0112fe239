import numpy as np
import pytest

from confapp.codec.frame_bytes import frame_from_bytes, frame_to_bytes, positions_of
from confapp.motion_frame import MotionFrame

# float16 by hand: 1 = 3c00, -2 = c000, 0.5 = 3800, 0 = 0000, -0 = 8000
SOME = MotionFrame.of([1, -2, 0.5], [0, -0.0, 1], [[1, 0.5, -2]], timestamp_ms=7)
SOME_BYTES = bytes.fromhex("3c00c0003800 000080003c00 3c003800c000")


def test_order_and_byte_order() -> None:
    assert frame_to_bytes(SOME) == SOME_BYTES


def test_back_again_keeps_every_bit() -> None:
    motion = frame_from_bytes(SOME_BYTES, timestamp_ms=7)
    assert motion.timestamp_ms == 7
    assert motion.numbers().dtype == np.float16
    assert motion.numbers().tobytes() == SOME.numbers().tobytes()
    assert motion.keypoints == 1


def test_paper_size() -> None:
    assert positions_of(20) == 132
    assert positions_of(0) == 12


@pytest.mark.parametrize("special", ["7c00", "fc00", "7e01"])  # inf, -inf, NaN
def test_numbers_that_are_not_finite_are_refused(special: str) -> None:
    with pytest.raises(ValueError, match="not finite"):
        frame_from_bytes(bytes.fromhex(special) + SOME_BYTES[2:], timestamp_ms=0)


@pytest.mark.parametrize("length", [0, 10, 14, 16, 17])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"3K \+ 6|multiple"):
        frame_from_bytes(SOME_BYTES[:length], timestamp_ms=0)
