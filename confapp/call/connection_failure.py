"""Why no connection came about, told apart for a person."""

from confapp.errors import ConfappError
from signaling.messages import IceServer

from .peer_link import PeerLink

THERE = "The other person is in the room, but no way to them was found: "


def connection_failure(
    link: PeerLink | None, ice_servers: list[IceServer], *, described: bool, connected: bool
) -> ConfappError:
    """The likeliest cause.

    Args:
        link: of the last attempt.
        ice_servers: told by the signaling server.
        described: the peer has sent an offer or an answer.
        connected: the signaling server is there.

    Returns:
        `server-unreachable`, `peer-silent`, `turn-failed`, `peer-unreachable` or
        `connection-failed`.
    """
    if not connected:
        return ConfappError(
            "server-unreachable",
            "The signaling server went out of reach before the call stood: "
            "check your network, and join again.",
        )
    if not described:
        return ConfappError(
            "peer-silent",
            "The other person is in the room, but their program says nothing through the "
            "signaling server: let them join again.",
        )
    has_turn = any(url.startswith("turn") for server in ice_servers for url in server.urls)
    if has_turn and link is not None and not link.has_relay:
        return ConfappError(
            "turn-failed",
            f"{THERE}the TURN server gave no relay address. Check that it runs, that UDP reaches "
            "it, and that it shares its secret with the signaling server.",
        )
    if link is not None and link.has_path:
        return ConfappError(
            "peer-unreachable",
            f"{THERE}datagrams pass, but the encrypted connection did not come about. "
            "The network may be very slow, or change what it carries: try another.",
        )
    advice = "check both networks" if has_turn else "give the signaling server a TURN server"
    return ConfappError("connection-failed", f"{THERE}check that UDP is not blocked, or {advice}.")
