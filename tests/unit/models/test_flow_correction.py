"""Pictures moved by ways that are linear in a head's departure from its source."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.flow_correction import (
    CONSTANT,
    FEATURES,
    GRID,
    LEAST_WAY,
    MOST_SHIFT,
    MOST_TURN,
    MOST_WAY,
    STEP,
    FlowCorrection,
    departure,
)
from models.head_rotation import angles_of, matrix_of

SIDE = 96
SHAPE = (FEATURES, 2, GRID, GRID)
NOISE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def frame(angles: object = (0, 0, 0), translation: object = (0, 0, 0)) -> MotionFrame:
    return MotionFrame.of(angles, translation, np.zeros((5, 3)), 0)  # type: ignore[arg-type]


def test_a_head_that_rests_has_left_by_the_constant_alone() -> None:
    still = frame((20, -10, 5), (0.1, 0.2, 0))
    assert departure(still, still) == pytest.approx([0, 0, 0, 0, 0, CONSTANT], abs=1e-6)


def test_a_departure_is_the_turn_in_radians_and_the_shift() -> None:
    source = frame((10, 5, -5), (0.05, 0, 0))
    turned = angles_of(matrix_of((0, 6, 0)) @ matrix_of(source.rotation))
    at = departure(source, frame(turned, (0.15, -0.1, 0.3)))
    assert np.abs(at[:3]).max() == pytest.approx(np.radians(6), abs=2e-3)
    assert np.linalg.norm(at[:3]) == pytest.approx(np.radians(6), abs=2e-3)
    assert at[3:5] == pytest.approx([0.1, -0.1], abs=1e-3)


def test_the_viewers_turn_counts_as_the_heads() -> None:
    source, turned = frame(), frame((12, 0, 0), (0.1, 0.05, 0))
    viewed = departure(source, source, PoseOffset(yaw=12, x=0.1, y=0.05))
    assert viewed == pytest.approx(departure(source, turned), abs=1e-3)


def test_far_departures_count_as_less_far() -> None:
    at = departure(frame(), frame((80, 0, 0), (2, -2, 0)))
    assert np.abs(at[:3]).max() == MOST_TURN
    assert at[3:5].tolist() == [MOST_SHIFT, -MOST_SHIFT]


def test_everything_is_taken_from_where_it_is_shown() -> None:
    """Shown two pixels to the right and one above of where it belongs, at a turn of 0.2."""
    coefficients = np.zeros(SHAPE)
    coefficients[1, 0], coefficients[1, 1] = 2 * 2 / SIDE / 0.2, -1 * 2 / SIDE / 0.2
    shown = np.roll(NOISE, (-1, 2), axis=(0, 1))
    at = np.array([0, 0.2, 0, 0, 0, 0])
    corrected = FlowCorrection(coefficients).corrected(shown, at)
    assert np.array_equal(corrected[4:-4, 4:-4], NOISE[4:-4, 4:-4])


def test_each_part_of_the_picture_has_its_own_way() -> None:
    coefficients = np.zeros(SHAPE)
    coefficients[5, 0, :, 6:] = 3 * 2 / SIDE / CONSTANT
    at = departure(frame(), frame())
    corrected = FlowCorrection(coefficients).corrected(NOISE, at)
    assert np.array_equal(corrected[:, :36], NOISE[:, :36])
    assert np.array_equal(corrected[:, 60:-4], NOISE[:, 63:-1])


def test_without_a_way_to_go_a_picture_stays_as_it_is() -> None:
    at = np.full(FEATURES, 0.1)
    assert FlowCorrection.nothing().corrected(NOISE, at) is NOISE
    small = FlowCorrection(np.full(SHAPE, LEAST_WAY))  # times 0.6
    assert small.corrected(NOISE, at) is NOISE


def test_ways_are_bounded() -> None:
    ways = FlowCorrection(np.full(SHAPE, 1e3)).ways(np.array([1.0, 0, 0, 0, 0, 0]))
    assert ways.shape == (GRID, GRID, 2)
    assert (ways == np.float32(MOST_WAY)).all()


def test_there_and_back_within_half_a_step() -> None:
    drawn = np.random.default_rng(1).normal(0, 0.2, SHAPE)
    code = FlowCorrection(drawn).to_bytes()
    read = FlowCorrection.from_bytes(code)
    assert np.abs(read.coefficients - drawn).max() <= STEP / 2
    assert read.to_bytes() == code
    assert len(FlowCorrection.nothing().to_bytes()) < 32


def test_what_is_too_large_to_code_is_as_large_as_can_be() -> None:
    read = FlowCorrection.from_bytes(FlowCorrection(np.full(SHAPE, -1e6)).to_bytes())
    assert (read.coefficients == -127 * STEP).all()


def test_half_way() -> None:
    other = FlowCorrection(np.ones(SHAPE))
    assert (FlowCorrection.nothing().towards(other, 0.5).coefficients == 0.5).all()


CODE = FlowCorrection(np.random.default_rng(2).normal(0, 0.2, SHAPE)).to_bytes()
EVERYWHERE = b"\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7Om\x0e7\xa0\x00" * 200


@pytest.mark.parametrize("code", [b"", b"x", CODE[:-1], CODE + b"\0", CODE[1:], EVERYWHERE])
def test_other_bytes_are_a_value_error(code: bytes) -> None:
    with pytest.raises(ValueError, match="correction"):
        FlowCorrection.from_bytes(code)


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_correction_or_a_value_error(code: bytes) -> None:
    try:
        read = FlowCorrection.from_bytes(code)
    except ValueError:
        return
    assert read.coefficients.shape == SHAPE
    assert np.isfinite(read.coefficients).all()
