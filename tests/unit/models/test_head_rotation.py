"""Head poses as matrices."""

import pytest

from models.head_rotation import angles_of, matrix_of


def test_there_and_back() -> None:
    angles = [35.0, -20.0, 12.0]
    assert angles_of(matrix_of(angles)) == pytest.approx(angles)


def test_yaw_takes_the_nose_to_the_right_edge() -> None:
    assert matrix_of([90, 0, 0]) @ [0, 0, -1] == pytest.approx([1, 0, 0])
