"""Curves of distortion over rate: who needs how many bits for the same quality."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator


class RatePoint(NamedTuple):
    """One encode.

    Attributes:
        rate: > 0, any unit.
        distortion: less is better.
    """

    rate: float
    distortion: float


class Bound(Enum):
    """How far a rate at equal distortion is known."""

    EXACT = "exact"
    AT_MOST = "at most"  # the cheapest encode is better still
    AT_LEAST = "at least"  # the dearest encode is worse still


@dataclass(frozen=True, slots=True)
class EqualRate:
    """The rate that a codec needs for a distortion.

    Attributes:
        rate: interpolated, or that of the nearest encode.
        bound: whether it is exact.
    """

    rate: float
    bound: Bound


def pareto_front(points: Sequence[RatePoint]) -> list[RatePoint]:
    """The points that no other beats in both, by rising rate; distortion falls along them."""
    front: list[RatePoint] = []
    for point in sorted(points):
        if not front or point.distortion < front[-1].distortion:
            front.append(point)
    return front


def rate_at(points: Sequence[RatePoint], distortion: float) -> EqualRate:
    """The least rate at which a codec is as good: linear in log rate between points of its front.

    Args:
        points: one at least.
    """
    front = pareto_front(points)
    if distortion > front[0].distortion:
        return EqualRate(front[0].rate, Bound.AT_MOST)
    if distortion < front[-1].distortion:
        return EqualRate(front[-1].rate, Bound.AT_LEAST)
    falling = [point.distortion for point in front][::-1]
    log_rates = [math.log(point.rate) for point in front][::-1]
    return EqualRate(math.exp(float(np.interp(distortion, falling, log_rates))), Bound.EXACT)


def bd_rate(anchor: Sequence[RatePoint], test: Sequence[RatePoint]) -> float | None:
    """Bjontegaard delta rate (VCEG-M33) of test against anchor, in per cent; less is better.

    Mean difference of log rate over the distortions that both reach, each front interpolated by
    monotone cubics (PCHIP, as JCTVC-L1100 does). None where the fronts share no distortions.
    """
    fronts = [pareto_front(points)[::-1] for points in (anchor, test)]
    if min(map(len, fronts)) < 2:
        return None
    low = max(front[0].distortion for front in fronts)
    high = min(front[-1].distortion for front in fronts)
    if low >= high:
        return None
    means = [
        float(
            PchipInterpolator(
                [point.distortion for point in front], [math.log(point.rate) for point in front]
            ).integrate(low, high)
        )
        / (high - low)
        for front in fronts
    ]
    return 100 * math.expm1(means[1] - means[0])
