"""Rates on a clock set by hand."""

import pytest

from signaling import token_bucket
from signaling.token_bucket import AddressBuckets, TokenBucket, site_of


def test_a_burst_and_then_a_steady_rate() -> None:
    bucket = TokenBucket(burst=3, per_s=2, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(1.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_steps_back_neither_fills_nor_blocks_for_good() -> None:
    bucket = TokenBucket(burst=1, per_s=1, now=1000.0)
    assert bucket.take(1000.0)
    assert not bucket.take(0.0)
    assert bucket.take(1.0)


def test_one_address_does_not_use_up_what_is_anothers() -> None:
    buckets = AddressBuckets(per_min=2, clock=lambda: 0.0)
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    assert buckets.take("b")


def test_addresses_are_forgotten_by_how_long_they_were_unseen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token_bucket, "MAX_ADDRESSES", 2)
    buckets = AddressBuckets(per_min=1, clock=lambda: 0.0)
    assert buckets.take("a")
    assert buckets.take("b")
    assert not buckets.take("a")
    assert buckets.take("c")  # b makes way
    assert not buckets.take("a")


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(address: str, site: str) -> None:
    assert site_of(address) == site
