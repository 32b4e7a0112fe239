"""Where aioice as shipped does not serve every caller, adjusted in this one place."""

from typing import Any

from aioice import ice

LOOPBACK = "127.0.0.1"
# A consent check (RFC 7675) has one try and waits RETRY_RTO = 0.5 s for its answer, so on a link of
# a longer round trip (satellite, 2G) consent is lost, and with it the call after half a minute. Two
# more tries make the wait 0.5 + 1 + 2 s, and where answers come in time they are never made. A
# larger RETRY_RTO would do too, but it would slow down the connectivity checks on a lossy link.
CONSENT_RETRANSMISSIONS = 2

_request = ice.StunProtocol.request
_get_host_addresses = ice.get_host_addresses


async def _patient_request(
    self: ice.StunProtocol,
    request: Any,
    addr: tuple[str, int],
    integrity_key: bytes | None = None,
    retransmissions: int | None = None,
) -> Any:
    if retransmissions == 0:
        retransmissions = CONSENT_RETRANSMISSIONS
    return await _request(self, request, addr, integrity_key, retransmissions)


def _host_addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """A machine without a network can still call itself (a demo on a train)."""
    return _get_host_addresses(use_ipv4, use_ipv6) or [LOOPBACK]


def apply_ice_tuning() -> None:
    """Adjust aioice in this process; calling it again changes nothing."""
    ice.StunProtocol.request = _patient_request  # type: ignore[method-assign]
    ice.get_host_addresses = _host_addresses_or_loopback
