"""Signals that end a run, raised at this very process."""

import signal
from contextlib import suppress

import pytest

from models.training.ended_by_signals import ended_by_signals

pytestmark = pytest.mark.usefixtures("heeded_ctrl_c")


def test_sigterm_asks_for_the_end_each_time() -> None:
    asked = []
    with ended_by_signals(lambda: asked.append(True)):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert asked == [True, True]


def test_a_second_ctrl_c_does_not_wait() -> None:
    asked = []
    with ended_by_signals(lambda: asked.append(True)):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert asked == [True]


def test_sigterm_after_ctrl_c_does_not_cut_the_end_short() -> None:
    asked = []
    with ended_by_signals(lambda: asked.append(True)):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert asked == [True, True]


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked = []
    with ended_by_signals(lambda: asked.append(True)):
        signal.raise_signal(signal.SIGINT)
        assert not asked
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert asked == [True]


def test_signals_do_as_before_afterwards() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    with suppress(ValueError), ended_by_signals(lambda: None):
        signal.raise_signal(signal.SIGINT)
        raise ValueError
    assert [signal.getsignal(number) for number in numbers] == before
