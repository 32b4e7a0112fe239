"""Curves whose differences are known beforehand."""

import pytest

from confapp.evaluation.rate_distortion import Bound, RatePoint, bd_rate, pareto_front, rate_at

CURVE = [RatePoint(10, 0.4), RatePoint(20, 0.3), RatePoint(40, 0.2), RatePoint(80, 0.1)]


def scaled(factor: float) -> list[RatePoint]:
    return [RatePoint(rate * factor, distortion) for rate, distortion in CURVE]


def test_half_the_rate_is_minus_fifty_per_cent() -> None:
    assert bd_rate(CURVE, scaled(0.5)) == pytest.approx(-50)
    assert bd_rate(CURVE, scaled(2)) == pytest.approx(100)
    assert bd_rate(CURVE, CURVE) == pytest.approx(0, abs=1e-9)


def test_bd_rate_by_hand_where_the_gap_widens() -> None:
    """Log rates are straight lines: their gap goes from ln 1 to ln 4 and is ln 2 in the mean."""
    test = [RatePoint(10, 0.4), RatePoint(80 * 4, 0.1)]
    assert bd_rate(CURVE, test) == pytest.approx(100)


def test_only_shared_distortions_count() -> None:
    """Outside of 0.2 to 0.3 one of the two has no encode; inside it the rate is three times."""
    test = [RatePoint(60, 0.3), RatePoint(120, 0.2)]
    assert bd_rate(CURVE, test) == pytest.approx(200)


@pytest.mark.parametrize(
    "test", [[RatePoint(5, 0.3)], [RatePoint(5, 0.9), RatePoint(6, 0.8)], [RatePoint(1, 0.4)] * 2]
)
def test_no_bd_rate_without_a_shared_stretch(test: list[RatePoint]) -> None:
    assert bd_rate(CURVE, test) is None


def test_front_leaves_out_what_is_dearer_and_worse() -> None:
    worse = [RatePoint(25, 0.35), RatePoint(20, 0.31), RatePoint(90, 0.1)]
    assert pareto_front([*worse, *CURVE]) == CURVE


def test_rate_at_equal_distortion_is_between_neighbours() -> None:
    assert rate_at(CURVE, 0.3).rate == pytest.approx(20)
    middle = rate_at(CURVE, 0.25)
    assert middle.rate == pytest.approx((20 * 40) ** 0.5)
    assert middle.bound is Bound.EXACT


def test_out_of_reach_is_a_bound_and_says_so() -> None:
    better, worse = rate_at(CURVE, 0.05), rate_at(CURVE, 0.5)
    assert (better.rate, better.bound) == (80, Bound.AT_LEAST)
    assert (worse.rate, worse.bound) == (10, Bound.AT_MOST)
