"""How often something may happen: at once a burst, from then on a steady rate."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

MAX_ADDRESSES = 100_000  # about 20 MB; beyond, the ones longest unseen are forgotten
IPV6_SITE_BITS = 64  # one customer has at least that many addresses (RFC 6177)


class TokenBucket:
    """Takes `burst` at once and `per_s` a second after that.

    Args:
        burst: how many at once, at least 1.
        per_s: how many a second.
        now: seconds on any clock.
    """

    __slots__ = ("_at", "_burst", "_per_s", "_tokens")

    def __init__(self, burst: float, per_s: float, now: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> bool:
        """Take one; False when there is none left."""
        passed_s = max(0.0, now - self._at)  # a wall clock may step back
        self._tokens = min(self._burst, self._tokens + passed_s * self._per_s)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class AddressBuckets:
    """A bucket for each network address, in bounded memory.

    Args:
        per_min: how many a minute, and how many at once.
        clock: seconds on any clock.
    """

    def __init__(self, per_min: int, clock: Callable[[], float]) -> None:
        self._per_min = per_min
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, site: str) -> bool:
        """Take one from the bucket of a site (see `site_of`)."""
        now = self._clock()
        bucket = self._buckets.get(site)
        if bucket is None:
            bucket = self._buckets[site] = TokenBucket(self._per_min, self._per_min / 60, now)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(site)
        return bucket.take(now)


def site_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
