"""The ladder: down when the link is full, up again when it is not, and no swinging."""

from itertools import pairwise

from sender.rate_control import (
    LADDER,
    QUEUE_S,
    SETTLE_S,
    TRY_AGAIN_S,
    TWICE_DELAY_MS,
    RateControl,
)


class Link:
    """A link whose messages take as long as a test says."""

    def __init__(self) -> None:
        self.now = 100.0
        self.rate = RateControl(lambda: self.now)
        self.sent = 0

    def pass_time(self, seconds: float, *, took_s: float | None = 0.05) -> None:
        """Messages ten times a second; None: each is refused."""
        for _ in range(round(10 * seconds)):
            self.now += 0.1
            self.sent += 1
            message = self.sent.to_bytes(4, "big")
            self.rate.on_sent(message, accepted=took_s is not None)
            if took_s is not None:
                self.now += took_s
                self.rate.on_delivered(message)
                self.now -= took_s

    @property
    def step(self) -> int:
        return LADDER.index(self.rate.rung)


def test_every_rung_sends_less_than_the_one_before() -> None:
    for finer, coarser in pairwise(LADDER):
        assert coarser.delay_ms > finer.delay_ms
        assert coarser.level > finer.level
        assert coarser.every >= finer.every


def test_frames_that_travel_twice_wait_less_unless_the_link_is_narrow() -> None:
    link = Link()
    assert link.rate.delay_ms(twice=False) == LADDER[0].delay_ms
    assert link.rate.delay_ms(twice=True) == TWICE_DELAY_MS < LADDER[0].delay_ms
    link.pass_time(2 * SETTLE_S, took_s=None)
    assert link.step > 0
    assert link.rate.delay_ms(twice=True) == link.rate.rung.delay_ms


def test_a_good_link_gets_the_best() -> None:
    link = Link()
    link.pass_time(60)
    assert link.step == 0


def test_refusals_step_down_one_at_a_time() -> None:
    link = Link()
    link.pass_time(SETTLE_S)
    link.pass_time(0.3, took_s=None)
    assert link.step == 1
    link.pass_time(1.5 * SETTLE_S, took_s=None)
    assert link.step == 2
    link.pass_time(20, took_s=None)
    assert link.step == len(LADDER) - 1


def test_a_queue_steps_down_and_a_long_way_does_not() -> None:
    link = Link()
    link.pass_time(5, took_s=0.6)
    assert link.step == 0
    link.pass_time(0.5, took_s=0.6 + 2 * QUEUE_S)
    assert link.step == 1


def test_it_comes_back_up_and_waits_longer_after_a_try_that_failed() -> None:
    link = Link()
    link.pass_time(2)
    link.pass_time(0.2, took_s=None)
    assert link.step == 1
    link.pass_time(TRY_AGAIN_S + 0.2)
    assert link.step == 0
    link.pass_time(SETTLE_S)
    link.pass_time(0.2, took_s=None)
    assert link.step == 1
    link.pass_time(TRY_AGAIN_S + 0.2)
    assert link.step == 1
    link.pass_time(TRY_AGAIN_S)
    assert link.step == 0


def test_what_was_never_sent_is_passed_over() -> None:
    link = Link()
    link.rate.on_delivered(b"not ours")
    assert link.step == 0


def test_what_is_followed_is_bounded() -> None:
    link = Link()
    for number in range(1000):
        link.rate.on_sent(number.to_bytes(4, "big"), accepted=True)
    assert len(link.rate._sent_at) <= 64
