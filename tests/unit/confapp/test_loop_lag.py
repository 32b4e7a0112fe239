"""A loop that is late says so."""

import asyncio

import pytest

from confapp.loop_lag import INTERVAL_S, LoopLag


async def test_lateness_is_what_the_clock_says_beyond_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, late = 0.0, iter([0.0] * 98 + [0.050] * 2)

    async def sleep(seconds: float) -> None:
        nonlocal now
        try:
            now += seconds + next(late)
        except StopIteration:
            raise asyncio.CancelledError from None

    monkeypatch.setattr("asyncio.sleep", sleep)
    lag = LoopLag(lambda: now)
    assert lag.percentile_ms(99) is None
    with pytest.raises(asyncio.CancelledError):
        await lag.run()
    assert lag.percentile_ms(50) == pytest.approx(0, abs=0.01)
    assert lag.percentile_ms(99) == pytest.approx(50, abs=0.01)
    assert now > 100 * INTERVAL_S
