"""Sound and picture on one clock."""

import pytest

from confapp.media.sound_format import PLAY_RATE
from receiver.lip_sync import LONGEST_HOLD_S, LipSync

OFFSET = 100.0  # the peer's clock is so far ahead of ours
BASE = (1 << 32) - 48_000  # wraps after a second


@pytest.fixture
def sync() -> LipSync:
    sync = LipSync(lambda: OFFSET)
    sync.on_sound_clock(BASE, 150.0)
    return sync


def test_timestamps_are_times_of_the_peer_also_after_their_wrap(sync: LipSync) -> None:
    assert sync.captured(BASE) == 150.0
    assert sync.captured(BASE + 2 * PLAY_RATE) == pytest.approx(152.0)
    assert sync.captured((BASE + 2 * PLAY_RATE) % (1 << 32)) == pytest.approx(152.0)


def test_sound_waits_as_long_as_pictures_take(sync: LipSync) -> None:
    assert sync.earliest(BASE) is None
    for number in range(200):
        captured = 150 + 0.04 * number
        sync.on_picture(captured, captured - OFFSET + 0.2 + 0.02 * (number % 2), None)
    assert sync.earliest(BASE) == pytest.approx(50.21, abs=0.005)
    sync.on_picture(150.0, 53.0, None)  # three seconds late
    assert sync.earliest(BASE) == pytest.approx(50 + LONGEST_HOLD_S)


def test_pictures_wait_as_long_as_sound_takes_by_itself(sync: LipSync) -> None:
    # sound captured at 151 is heard at 51.12, so 0.12 s later
    assert sync.picture_due(152.0, BASE + PLAY_RATE, 51.12) == pytest.approx(52.12)
    assert sync.picture_due(152.0, BASE + PLAY_RATE, 59.0) == pytest.approx(52 + LONGEST_HOLD_S)


def test_the_skew_is_sound_minus_picture(sync: LipSync) -> None:
    sync.on_picture(150.50, 50.7, BASE + round(0.53 * PLAY_RATE))
    assert sync.skew_ms == pytest.approx(30.0, abs=0.1)
    sync.on_picture(150.54, 50.74, None)  # in a pause the last one stands
    assert sync.skew_ms == pytest.approx(30.0, abs=0.1)


def test_nothing_is_claimed_before_the_clocks_are_known() -> None:
    sync = LipSync(lambda: None)
    sync.on_sound_clock(BASE, 150.0)
    sync.on_picture(150.0, 50.0, BASE)
    assert sync.skew_ms is None
    assert sync.earliest(BASE) is None
    assert LipSync(lambda: OFFSET).captured(BASE) is None
