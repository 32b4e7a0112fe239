"""Angles between poses by hand."""

import numpy as np
import pytest

from confapp.evaluation.head_angle import angle_between, head_rotation
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset


def pose(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> MotionFrame:
    return MotionFrame.of([yaw, pitch, roll], [0, 0, 0], np.zeros((5, 3)), 0)


def test_one_turn_is_its_angle() -> None:
    straight = head_rotation(pose(0))
    assert angle_between(straight, straight) == 0
    assert angle_between(head_rotation(pose(25)), straight) == pytest.approx(25)
    assert angle_between(straight, head_rotation(pose(0, -40))) == pytest.approx(40)
    assert angle_between(head_rotation(pose(10, 0, 5)), head_rotation(pose(10, 0, -15))) == (
        pytest.approx(20)
    )


def test_two_turns_are_less_than_their_sum() -> None:
    both = angle_between(head_rotation(pose(30, 40)), head_rotation(pose(0)))
    assert 40 < both < 70


def test_offset_adds_to_the_head() -> None:
    turned = head_rotation(pose(-10), PoseOffset(yaw=30))
    assert angle_between(turned, head_rotation(pose(20))) == pytest.approx(0, abs=1e-4)
