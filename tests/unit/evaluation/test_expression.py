"""Openings by hand, and how well one series follows another."""

import numpy as np
import pytest
from tiny_perception import face_points

from confapp.evaluation.expression import Expression, eye_opening, mouth_opening
from confapp.evaluation.face_region import Points


def face(mouth: float = 0.5, eyes: float = 1.0) -> Points:
    points = face_points()
    points[62], points[66] = (0, 0), (0, mouth)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        x, y = (points[upper] + points[lower]) / 2
        points[upper], points[lower] = (x, y - eyes / 2), (x, y + eyes / 2)
    return points


def test_openings_are_relative_to_the_eyes_distance() -> None:
    assert mouth_opening(face(mouth=1.2)) == pytest.approx(1.2 / 9.6)
    assert eye_opening(face(eyes=0.6)) == pytest.approx(0.6 / 9.6)
    assert mouth_opening(face(mouth=1.2) * 3) == pytest.approx(1.2 / 9.6)


def test_a_rendering_that_follows_and_one_that_does_the_opposite() -> None:
    opening = [0.1, 0.9, 0.4, 0.7]
    driver = [face(mouth=m, eyes=m) for m in opening]
    half = Expression.between([face(mouth=m / 2, eyes=m / 2) for m in opening], driver)
    assert half.mouth == pytest.approx(1)
    assert half.eyes == pytest.approx(1)
    assert half.frames == 4
    opposite = Expression.between([face(mouth=1 - m, eyes=1 - m) for m in opening], driver)
    assert opposite.mouth == pytest.approx(-1)
    assert opposite.eyes == pytest.approx(-1)


def test_correlation_is_pearsons() -> None:
    one, other = [0.1, 0.9, 0.4, 0.7], [0.3, 0.5, 0.6, 0.2]
    found = Expression.between([face(mouth=m) for m in one], [face(mouth=m) for m in other])
    assert found.mouth == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_a_dead_mouth_has_no_correlation() -> None:
    driver = [face(mouth=m) for m in (0.1, 0.9, 0.4)]
    assert Expression.between([face()] * 3, driver).mouth is None


def test_blinks_are_seen() -> None:
    open_eyes = [face(eyes=e) for e in (1.0, 0.95, 1.05, 1.0)]
    assert not Expression.between(open_eyes, open_eyes).blinks
    assert Expression.between(open_eyes, [*open_eyes[:3], face(eyes=0.2)]).blinks
