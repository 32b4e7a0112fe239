import numpy as np
import pytest

from confapp.media.side_by_side import LABEL_HEIGHT, side_by_side

RED, BLUE = (220, 0, 0), (0, 0, 220)


def plain(height: int, width: int, colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((256, 256), (256, 256), (256, 512)),
        ((512, 512), (256, 256), (512, 1024)),
        ((100, 200), (300, 101), (300, 700)),
        ((101, 101), (51, 51), (100, 200)),
    ],
)
def test_heights_become_equal_and_even(
    left: tuple[int, int], right: tuple[int, int], expected: tuple[int, int]
) -> None:
    both = side_by_side(plain(*left, RED), plain(*right, BLUE))
    assert both.shape == (expected[0] + LABEL_HEIGHT, expected[1], 3)
    assert both.shape[0] % 2 == both.shape[1] % 2 == 0
    assert tuple(both[LABEL_HEIGHT + 5, 5]) == RED
    assert tuple(both[LABEL_HEIGHT + 5, -5]) == BLUE


def test_only_the_rendering_is_marked_and_the_inputs_stay_untouched() -> None:
    left, right = plain(256, 256, RED), plain(256, 256, BLUE)
    both = side_by_side(left, right)[LABEL_HEIGHT:]
    assert np.all(both[:, :256] == RED)
    marked = np.any(both[:, 256:] != BLUE, axis=-1)
    assert 0.001 < marked.mean() < 0.03
    assert not marked[:220].any()
    assert np.all(right == BLUE)


def test_labels_differ() -> None:
    one = side_by_side(plain(64, 128, RED), plain(64, 128, RED), ("input", "rendered"))
    other = side_by_side(plain(64, 128, RED), plain(64, 128, RED), ("camera", "rendered"))
    assert np.any(one[:LABEL_HEIGHT, :128] != other[:LABEL_HEIGHT, :128])
    assert np.array_equal(one[:, 128:], other[:, 128:])
