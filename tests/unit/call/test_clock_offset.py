"""Offset and round trip, worked by hand."""

import pytest

from confapp.call.clock_offset import ClockOffset


def test_an_exchange_worked_by_hand() -> None:
    # The peer's clock is 100 s ahead; 20 ms there, 500 ms held, 20 ms back.
    clock_offset = ClockOffset()
    clock_offset.add(sent=10.0, peer_received=110.02, peer_sent=110.52, received=10.54)
    assert clock_offset.rtt_s == pytest.approx(0.04)
    assert clock_offset.offset_s == pytest.approx(100.0)
    assert clock_offset.to_local(111.0) == pytest.approx(11.0)


def test_nothing_is_known_before_the_first_exchange() -> None:
    clock_offset = ClockOffset()
    assert clock_offset.rtt_s is None
    assert clock_offset.offset_s is None
    assert clock_offset.to_local(1.0) is None


def test_the_least_round_trip_counts() -> None:
    clock_offset = ClockOffset()
    clock_offset.add(0.0, 100.01, 100.01, 0.02)
    clock_offset.add(1.0, 101.31, 101.31, 1.32)  # 300 ms in a queue on the way there
    clock_offset.add(2.0, 102.01, 102.01, 2.22)  # 200 ms on the way back
    assert clock_offset.rtt_s == pytest.approx(0.02)
    assert clock_offset.offset_s == pytest.approx(100.0)


def test_old_samples_are_forgotten() -> None:
    clock_offset = ClockOffset(samples=2)
    clock_offset.add(0.0, 100.01, 100.01, 0.02)
    clock_offset.add(1.0, 101.05, 101.05, 1.10)
    clock_offset.add(2.0, 102.03, 102.03, 2.06)
    assert clock_offset.rtt_s == pytest.approx(0.06)


@pytest.mark.parametrize(
    "times", [(0.0, 5.0, 4.0, 1.0), (0.0, 5.0, 7.0, 1.0), (1.0, 5.0, 5.0, 0.0)]
)
def test_times_that_contradict_each_other_are_refused(
    times: tuple[float, float, float, float],
) -> None:
    clock_offset = ClockOffset()
    with pytest.raises(ValueError, match="before its question"):
        clock_offset.add(*times)
    assert clock_offset.rtt_s is None
