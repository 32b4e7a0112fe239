"""Relative motion, worked by hand."""

import numpy as np
import pytest

from confapp.motion_frame import MotionFrame
from models.relative_motion import RelativeMotion


def frame(rotation: list[float], x: float, deformation: float, keypoints: int = 2) -> MotionFrame:
    return MotionFrame.of(rotation, [x, 0, 0], np.full((keypoints, 3), deformation), 80)


def test_the_reference_frame_shows_the_source_as_it_is() -> None:
    source, reference = frame([10, 5, -3], 0.25, 0.5), frame([-20, 8, 4], -0.5, 0.125)
    shown = RelativeMotion(source, reference).apply(reference)
    assert shown.rotation.tolist() == pytest.approx(source.rotation.tolist(), abs=0.02)
    assert np.array_equal(shown.translation, source.translation)
    assert np.array_equal(shown.deformations, source.deformations)


def test_differences_are_added() -> None:
    source, reference = frame([10, 0, 0], 0.25, 0.5), frame([-20, 0, 0], -0.5, 0.125)
    shown = RelativeMotion(source, reference).apply(frame([5, 0, 0], 0.0, 0.25))
    assert shown.rotation.tolist() == pytest.approx([35, 0, 0], abs=0.02)  # 10 + (5 - -20)
    assert shown.translation.tolist() == [0.75, 0, 0]  # 0.25 + (0 - -0.5)
    assert shown.deformations.ravel().tolist() == [0.625] * 6  # 0.5 + (0.25 - 0.125)
    assert shown.timestamp_ms == 80


def test_frames_of_different_keypoints_do_not_mix() -> None:
    relative = RelativeMotion(frame([0, 0, 0], 0, 0), frame([0, 0, 0], 0, 0))
    with pytest.raises(ValueError, match="same keypoints"):
        relative.apply(frame([0, 0, 0], 0, 0, keypoints=3))


def test_the_reference_is_the_drivers_frame_most_like_the_source() -> None:
    source = frame([10, 0, 0], 0.25, 0.5)
    driving = [frame([-40, 0, 0], 0.0, 0.5), frame([12, 0, 0], 0.5, 0.5), frame([10, 0, 0], 0, 0.9)]
    shown = RelativeMotion.to_nearest(source, driving).apply(driving[1])
    assert shown.rotation.tolist() == pytest.approx(source.rotation.tolist(), abs=0.02)
    assert np.array_equal(shown.translation, source.translation)
