"""Head poses as matrices and rotation vectors."""

import numpy as np
import pytest

from models.head_rotation import angles_of, matrix_of, turn_between


def test_there_and_back() -> None:
    angles = [35.0, -20.0, 12.0]
    assert angles_of(matrix_of(angles)) == pytest.approx(angles)


def test_yaw_takes_the_nose_to_the_right_edge() -> None:
    assert matrix_of([90, 0, 0]) @ [0, 0, -1] == pytest.approx([1, 0, 0])


def test_a_turn_to_the_right_is_about_the_axis_that_points_up() -> None:
    assert turn_between([0, 0, 0], [30, 0, 0]) == pytest.approx([0, -np.pi / 6, 0])
