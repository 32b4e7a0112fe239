"""Heads that stay, heads that turn, and who is taken for whom."""

from collections.abc import Callable

import numpy as np
import pytest
from tiny_models import lively, tiny

from confapp.evaluation.evaluation_clip import EvaluationClip
from confapp.evaluation.face_identity import Embedding
from confapp.evaluation.head_angle import angle_between, head_rotation
from confapp.evaluation.identity_threshold import IdentityThreshold
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.redirect import (
    PITCHES,
    YAWS,
    calibrate,
    frontal_offset,
    frontalise,
    good_rates,
    most_turned_first,
    redirect,
)
from confapp.evaluation.redirect_remarks import redirect_remarks
from confapp.evaluation.rendering_grid import (
    ANGLE_MESH,
    CSIM_SOURCE,
    GOOD,
    GOOD_ANGLE,
    GOOD_IDENTITY,
)
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead

Perform = Callable[[TalkingHead, PictureMetrics], list[Performer]]
ANYBODY = IdentityThreshold(0.9, 1, 1, 0.0)


def unit(*numbers: float) -> Embedding:
    return np.asarray(np.array(numbers) / np.linalg.norm(numbers), np.float64)


def test_threshold_by_hand() -> None:
    """Same pairs 1, 0, 0: the 5th per cent of these is 0; two people never reach less than it."""
    people = {"a": [unit(1, 0), unit(1, 0), unit(0, 1)], "b": [unit(1, 1)]}
    found = IdentityThreshold.of(people)
    assert found == IdentityThreshold(0.0, 3, 3, 1.0)


def test_threshold_keeps_strangers_apart() -> None:
    random = np.random.default_rng(0)
    people = {
        name: [unit(*(np.eye(8)[index] + random.normal(0, 0.05, 8))) for _ in range(6)]
        for index, name in enumerate("abcd")
    }
    found = IdentityThreshold.of(people)
    assert found is not None
    assert 0.8 < found.value < 1
    assert found.others_accepted == 0
    assert (found.same_pairs, found.other_pairs) == (4 * 15, 6 * 36)


def test_no_threshold_without_pairs_or_networks() -> None:
    assert IdentityThreshold.of({"a": [unit(1, 0)], "b": [unit(0, 1)]}) is None
    assert IdentityThreshold.of({}) is None


def test_calibration_is_on_frames_as_filmed(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    clips = [one.clip for one in perform(frozen_head, all_metrics)]
    found = calibrate(clips, all_metrics)
    assert found is not None
    assert (found.same_pairs, found.other_pairs) == (3 * 10, 3 * 25)  # five frames each
    assert calibrate(clips, PictureMetrics()) is None


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, -15, 5), (-35, 10, 8)])
def test_offset_takes_any_pose_to_the_front(angles: tuple[float, float, float]) -> None:
    motion = MotionFrame.of(angles, [0, 0, 0], np.zeros((5, 3)), 0)
    rotation = head_rotation(motion, frontal_offset(motion))
    assert angle_between(rotation, np.eye(3)) == pytest.approx(0, abs=0.05)


def test_a_head_that_never_turns_is_off_by_the_offset(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    """It is always the same person, and in place where less than 15 degrees were asked for."""
    people = perform(frozen_head, all_metrics)
    rows: list[int] = []
    grid = redirect(frozen_head, all_metrics, people, ANYBODY, advance=lambda: rows.append(1))
    assert len(rows) == len(grid.rows) == 3
    assert len(grid.columns) == len(YAWS) * len(PITCHES)
    for row in grid.rows:
        asked = dict(zip(grid.columns, row.cells, strict=True))
        still = asked["yaw +0 pitch +0"].scores[ANGLE_MESH]
        far = asked["yaw +30 pitch +0"].scores
        assert still < 3  # what the second look changes
        assert far[ANGLE_MESH] == pytest.approx(30, abs=5)
        assert (far[GOOD_IDENTITY], far[GOOD_ANGLE], far[GOOD]) == (1, 0, 0)
        assert asked["yaw +0 pitch +0"].scores[GOOD] == 1
    rates = good_rates(grid)
    assert rates[GOOD_IDENTITY] == 1
    assert rates[GOOD] == rates[GOOD_ANGLE] < 0.5


def test_another_persons_face_is_not_good(
    frozen_head: TalkingHead, all_metrics: PictureMetrics, perform: Perform
) -> None:
    strict = IdentityThreshold(1.1, 1, 1, 0.0)
    grid = frontalise(frozen_head, all_metrics, perform(frozen_head, all_metrics), strict)
    assert list(grid.columns) == ["frontal"]
    assert good_rates(grid)[GOOD_IDENTITY] == good_rates(grid)[GOOD] == 0


def test_without_networks_nothing_is_called_good(perform: Perform) -> None:
    head = lively(tiny("lite-256"))
    grid = redirect(head, PictureMetrics(), perform(head, PictureMetrics()), None)
    assert good_rates(grid) == {}
    assert CSIM_SOURCE not in grid.rows[0].cells[0].scores
    assert "Identity is not judged" in redirect_remarks(None, {grid.name: {}})[0]


def test_the_most_turned_frame_comes_first(perform: Perform) -> None:
    head = lively(tiny("lite-256"))
    clip: EvaluationClip = perform(head, PictureMetrics())[0].clip
    turned = most_turned_first(clip, head)
    angles = [
        angle_between(head_rotation(head.encode_motion(frame)), np.eye(3))
        for frame in turned.frames
    ]
    assert angles[0] == max(angles)
    assert sorted(turned.numbers) == sorted(clip.numbers)
    index = int(np.flatnonzero(clip.numbers == turned.numbers[0])[0])
    assert np.array_equal(turned.frames[0], clip.frames[index])
    assert np.array_equal(turned.landmarks[0], clip.landmarks[index])


def test_remarks_say_rates_and_threshold() -> None:
    rates = {"redirect-frontal": {GOOD: 0.5, GOOD_IDENTITY: 0.75, GOOD_ANGLE: 0.625}}
    first, second, _ = redirect_remarks(IdentityThreshold(0.61, 30, 75, 0.04), rates)
    assert first == (
        "Heads turned to the front: 50.0% good, 75.0% the same person, 62.5% within 15 degrees."
    )
    assert "CSIM of 0.610" in second
    assert "4.0% of 75 pairs of two people" in second
