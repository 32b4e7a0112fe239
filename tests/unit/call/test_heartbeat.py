"""Two heartbeats on clocks set by hand."""

import pytest

from confapp.call.control_message import Beat, Echo
from confapp.call.heartbeat import REMEMBERED_BEATS, Heartbeat


class Side:
    """One side, whose clock is `ahead` of the true time."""

    now = 0.0

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead
        self.heartbeat = Heartbeat(lambda: Side.now + self.ahead)


@pytest.fixture
def sides() -> tuple[Side, Side]:
    Side.now = 1000.0
    return Side(ahead=0.0), Side(ahead=-250.0)


def test_both_sides_learn_round_trip_and_offset(sides: tuple[Side, Side]) -> None:
    ada, ben = (side.heartbeat for side in sides)
    question = ada.beat()
    Side.now += 0.03  # on the way
    ben.on_beat(question)
    Side.now += 0.40  # until Ben's next beat
    answer = ben.beat()
    assert answer.echo == Echo(sent=1000.0, received=750.03)
    Side.now += 0.03
    ada.on_beat(answer)
    assert ada.clock_offset.rtt_s == pytest.approx(0.06)
    assert ada.clock_offset.offset_s == pytest.approx(-250.0)
    assert ben.clock_offset.rtt_s is None  # nothing of his was answered yet

    answer = ada.beat()
    Side.now += 0.03
    ben.on_beat(answer)
    assert ben.clock_offset.rtt_s == pytest.approx(0.06)
    assert ben.clock_offset.offset_s == pytest.approx(250.0)


def test_each_beat_is_echoed_once(sides: tuple[Side, Side]) -> None:
    ada, ben = (side.heartbeat for side in sides)
    ben.on_beat(ada.beat())
    assert ben.beat().echo is not None
    assert ben.beat().echo is None


def test_an_echo_of_a_beat_that_was_never_sent_is_refused(sides: tuple[Side, Side]) -> None:
    ada = sides[0].heartbeat
    ada.beat()
    with pytest.raises(ValueError, match="never sent"):
        ada.on_beat(Beat(sent=1.0, echo=Echo(sent=999.0, received=1.0)))
    assert ada.clock_offset.rtt_s is None


def test_an_echo_of_a_beat_long_ago_is_refused(sides: tuple[Side, Side]) -> None:
    ada = sides[0].heartbeat
    first = ada.beat()
    for _ in range(REMEMBERED_BEATS):
        Side.now += 1
        ada.beat()
    with pytest.raises(ValueError, match="never sent"):
        ada.on_beat(Beat(sent=1.0, echo=Echo(sent=first.sent, received=1.0)))


def test_silence_ends_with_whatever_is_heard(sides: tuple[Side, Side]) -> None:
    ada = sides[0].heartbeat
    Side.now += 5.5
    assert ada.silence_s == pytest.approx(5.5)
    ada.heard()
    Side.now += 0.5
    assert ada.silence_s == pytest.approx(0.5)
