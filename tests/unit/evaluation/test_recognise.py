"""Who is who, with shapes that are known."""

from collections.abc import Callable

import numpy as np
import pytest
from tiny_models import lively, tiny
from tiny_perception import face_points

from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.recognise import recognise, share_recognised, upright_shape
from confapp.evaluation.recognise_report import recognition_facts, recognition_markdown
from models.talking_head import TalkingHead

Perform = Callable[[TalkingHead, PictureMetrics], list[Performer]]


def test_shares_by_hand() -> None:
    """One of three probes lies nearer to the other person."""
    one, other = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    people = [[one, one + 0.1, other - 0.1], [other, other]]
    assert share_recognised(people) == pytest.approx(2 / 3)


def test_place_scale_and_roll_are_no_shape() -> None:
    points = face_points()
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = 3 * points @ turn.T + (5, -7)
    assert upright_shape(moved) == pytest.approx(upright_shape(points))
    wider = points * (1.3, 1.0)
    assert np.abs(upright_shape(wider) - upright_shape(points)).max() > 0.005


def test_the_same_picture_is_recognised(perform: Perform) -> None:
    head = lively(tiny("lite-256"))
    clips = [one.clip for one in perform(head, PictureMetrics())]
    for clip in clips:
        clip.frames[1:] = [clip.frames[0]] * (len(clip.frames) - 1)  # type: ignore[index]
    found = recognise(head, clips)
    assert (found.people, found.keypoints) == (3, 1.0)
    assert found.chance == pytest.approx(1 / 3)
    assert found.probes == 3 * 4  # five frames, one of them known
    assert found.landmarks is not None
    table = recognition_markdown(recognition_facts(head, found, []))
    assert "| canonical keypoints | 100.0% |" in table
    assert "| chance | 33.3% |" in table


def test_without_landmarks_only_keypoints(perform: Perform) -> None:
    head = lively(tiny("lite-256"))
    clips = [one.clip for one in perform(head, PictureMetrics())]
    clips[0].landmarks[1] = np.nan
    assert recognise(head, clips).landmarks is None
