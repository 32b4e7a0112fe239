"""Judging a link, and where a session stands, on a clock set by hand."""

import pytest

from confapp.call.call_handlers import CallState, EndReason, StateReason
from confapp.call.link_health import FEW, LinkHealth
from confapp.call.patience import Patience
from confapp.call.sound_plan import (
    LONGEST_NARROW_S,
    LOSSY,
    NARROW,
    NARROW_FOR_S,
    SLOW_ANSWER_S,
    WHOLE,
    SoundPlanner,
)
from confapp.call.standing import OFFLINE_S, Standing
from confapp.call.statistics import CallStatistics

PATIENCE = Patience()


def health_after(sent: int, received: int) -> LinkHealth:
    health = LinkHealth()
    health.on_beat(100, due=0.0)
    for _ in range(received):
        health.on_motion(arrival=1.0)
    health.on_beat(100 + sent, due=2.0)
    return health


@pytest.mark.parametrize(
    ("silence_s", "rtt_s", "state", "reason"),
    [
        (0.0, None, CallState.LIVE, StateReason.NONE),
        (PATIENCE.quiet_s, 0.1, CallState.DEGRADED, StateReason.QUIET),
        (PATIENCE.lost_s, 0.1, CallState.RECONNECTING, StateReason.SILENCE),
        (0.0, 1.5, CallState.DEGRADED, StateReason.SLOW),
    ],
)
def test_silence_and_distance(
    silence_s: float, rtt_s: float | None, state: CallState, reason: StateReason
) -> None:
    assert LinkHealth().judge(silence_s, rtt_s, PATIENCE) == (state, reason)


def test_loss_is_told_from_what_the_peer_has_sent() -> None:
    assert health_after(100, 70).loss == pytest.approx(0.3)
    assert health_after(100, 70).judge(0.0, 0.1, PATIENCE)[1] is StateReason.LOSS
    assert health_after(100, 95).judge(0.0, 0.1, PATIENCE)[0] is CallState.LIVE
    assert health_after(FEW - 1, 0).loss == 0.0  # too few to tell
    assert health_after(100, 120).loss == 0.0  # some were on their way before
    lossy = health_after(100, 70)
    lossy.restart()
    assert lossy.loss == 0.0


def test_a_beat_that_was_lost_and_sent_again_is_none_of_motion() -> None:
    health = LinkHealth()
    health.on_beat(0, due=0.0)
    for number in range(100):
        health.on_motion(arrival=number / 10)
    health.on_beat(81, due=8.0)  # it came two seconds late, and nothing of the 81 was lost
    assert health.loss == 0.0
    health.on_beat(101, due=10.0)
    assert health.loss == pytest.approx(1 / 101)


def test_refusals_are_told_from_the_last_beats() -> None:
    health = LinkHealth()
    assert health.refused == 0.0
    health.on_own_beat(100, 0)
    health.on_own_beat(160, 40)
    assert health.refused == pytest.approx(0.4)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("connected", "present", "end"),
    [
        (False, True, EndReason.NETWORK_LOST),
        (True, False, EndReason.PEER_LOST),
        (True, True, EndReason.CONNECTION_FAILED),
    ],
)
def test_a_lost_call_ends_with_its_cause(connected: bool, present: bool, end: EndReason) -> None:
    clock, told = Clock(), list[tuple[CallState, StateReason]]()
    standing = Standing(PATIENCE, clock, lambda state, reason: told.append((state, reason)))
    assert not standing.stand()
    standing.lose(StateReason.SILENCE, can_return=True)
    clock.now = PATIENCE.return_s - 1
    assert standing.still_reconnecting(connected=connected, present=present) is None
    clock.now += 1
    assert standing.still_reconnecting(connected=connected, present=present) is end
    assert told[0] == (CallState.RECONNECTING, StateReason.SILENCE)


def test_what_is_missing_is_told_as_long_as_it_is_missing() -> None:
    clock, told = Clock(), list[StateReason]()
    standing = Standing(PATIENCE, clock, lambda _state, reason: told.append(reason))
    standing.stand()
    standing.lose(StateReason.SILENCE, can_return=True)
    for seconds, connected, present in (
        (0.5, False, True),  # our own new connection to the server
        (1.0, True, True),
        (1.5, False, True),
        (1.0 + OFFLINE_S, False, True),
        (4.0, True, True),
        (5.0, True, False),
        (6.0, True, True),
    ):
        clock.now = seconds
        assert standing.still_reconnecting(connected=connected, present=present) is None
    assert told == [
        StateReason.SILENCE,
        StateReason.OFFLINE,
        StateReason.SILENCE,
        StateReason.PEER_ABSENT,
        StateReason.SILENCE,
    ]


def test_who_has_left_the_room_is_waited_for_less() -> None:
    clock = Clock()
    standing = Standing(PATIENCE, clock, None)
    standing.stand()
    standing.lose(StateReason.SILENCE, can_return=True)
    standing.see_peer(False)
    clock.now = PATIENCE.gone_s
    assert standing.still_reconnecting(connected=True, present=False) is EndReason.PEER_LOST
    standing.see_peer(True)
    assert standing.still_reconnecting(connected=True, present=True) is None
    assert standing.stand()  # it has come back


def test_sound_fits_the_link() -> None:
    clock, counted = Clock(), CallStatistics(rtt_s=0.1)
    planner = SoundPlanner(counted, clock)
    assert planner.plan == WHOLE
    counted.motion_loss_there = 0.1
    assert planner.plan == LOSSY
    counted.queue_s = 0.5  # then the losses are those of a full queue
    assert planner.plan == NARROW
    counted.queue_s, counted.motion_loss_there = 0.0, 0.0
    clock.now = NARROW_FOR_S - 1
    assert planner.plan == NARROW
    clock.now = NARROW_FOR_S
    assert planner.plan == WHOLE
    counted.rtt_s = 0.6  # a satellite
    assert planner.plan == WHOLE
    counted.rtt_s = 1.2
    assert planner.plan == NARROW
    clock.now, counted.rtt_s, counted.refused = 100.0, 0.1, 0.5
    assert planner.plan == NARROW


def narrow_s(planner: SoundPlanner, counted: CallStatistics, clock: Clock) -> float:
    """How long sound stays narrow after a queue has shown."""
    counted.queue_s = 1.0
    assert planner.plan == NARROW
    counted.queue_s, began = 0.0, clock.now
    while planner.plan == NARROW:
        clock.now += 1.0
    return clock.now - began


def test_sound_tries_a_narrow_link_ever_more_seldom() -> None:
    clock, counted = Clock(), CallStatistics(rtt_s=0.1)
    planner = SoundPlanner(counted, clock)
    waits = [narrow_s(planner, counted, clock) for _ in range(6)]
    assert waits == [15.0, 30.0, 60.0, 120.0, LONGEST_NARROW_S, LONGEST_NARROW_S]
    clock.now += 2 * LONGEST_NARROW_S  # the link was wide for long: something else has come
    assert narrow_s(planner, counted, clock) == NARROW_FOR_S


def test_sound_leaves_a_narrow_link_to_the_photo() -> None:
    clock, counted = Clock(), CallStatistics()
    planner = SoundPlanner(counted, clock)
    assert planner.plan == NARROW  # nothing has come back yet
    clock.now, counted.rtt_s = 0.2, 0.1
    assert planner.plan == WHOLE
    slow = SoundPlanner(counted, clock)
    counted.rtt_s = None
    assert slow.plan == NARROW
    clock.now += 2 * SLOW_ANSWER_S
    assert slow.plan == NARROW
    counted.rtt_s = 0.3
    assert slow.plan == NARROW  # the link is known to be narrow
