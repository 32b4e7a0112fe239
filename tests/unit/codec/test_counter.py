import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.codec import WrappingCounter


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([65534, 65535, 0, 1], [65534, 65535, 65536, 65537]),  # over the edge
        ([65535, 1, 0], [65535, 65537, 65536]),  # reordered over the edge
        ([10, 12, 11, 12], [10, 12, 11, 12]),  # reordered, repeated
        ([3, 65535], [3, -1]),  # from before the first one's zero
        ([0, 57343], [0, 57343]),  # the longest way ahead
        ([0, 57344], [0, -8192]),  # one more is the longest way behind
        ([0, 40000, 14464, 54464], [0, 40000, 80000, 120000]),  # pauses of 40 s
        ([100, 60000], [100, -5536]),  # 5636 behind: late
    ],
)
def test_worked_examples(values: list[int], counts: list[int]) -> None:
    counter = WrappingCounter()
    assert [counter.unwrap(value) for value in values] == counts


@pytest.mark.parametrize("seconds", [1, 60, 70, 600])
@pytest.mark.parametrize("error_ms", [-7000, 0, 7000])
def test_a_pause_of_any_length_whose_length_is_about_known(seconds: int, error_ms: int) -> None:
    counter = WrappingCounter()
    assert counter.unwrap(5000) == 5000
    later = 5000 + 1000 * seconds
    assert counter.unwrap(later % 65536, max(0, 1000 * seconds + error_ms)) == later


def test_a_late_value_does_not_move_the_window_back() -> None:
    counter = WrappingCounter()
    assert counter.unwrap(50000) == 50000
    assert counter.unwrap(42000) == 42000
    # 56000 ahead of the newest; from the late one it would be out of reach
    assert counter.unwrap((50000 + 56000) % 65536) == 106000


@given(st.integers(0, 65535), st.lists(st.integers(0, 57343), max_size=50))
def test_any_growing_count_is_followed(start: int, steps: list[int]) -> None:
    counter = WrappingCounter()
    count = start
    for step in [0, *steps]:
        count += step
        assert counter.unwrap(count % 65536) == count


@pytest.mark.parametrize("value", [-1, 65536])
def test_values_are_16_bit(value: int) -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        WrappingCounter().unwrap(value)
