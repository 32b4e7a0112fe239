"""Each cause has its own message; `heard` is whether of the peer and of the server."""

from typing import cast

import pytest

from confapp.call.connection_failure import connection_failure
from confapp.call.peer_link import PeerLink
from signaling.messages import IceServer

TURN = [IceServer(urls=["turn:relay:3478"], username="u", credential="c")]


class Link:
    """As much of a link as the diagnosis looks at."""

    def __init__(self, has_relay: bool = False, has_path: bool = False) -> None:
        self.has_relay = has_relay
        self.has_path = has_path


@pytest.mark.parametrize(
    ("link", "servers", "heard", "error_id", "advice"),
    [
        (Link(), [], (True, False), "server-unreachable", "network"),
        (Link(), [], (False, True), "peer-silent", "join again"),
        (Link(), TURN, (True, True), "turn-failed", "TURN server gave no relay address"),
        (Link(has_path=True), [], (True, True), "peer-unreachable", "datagrams pass"),
        (Link(), [], (True, True), "connection-failed", "give the signaling server a TURN server"),
        (Link(has_relay=True), TURN, (True, True), "connection-failed", "check both networks"),
        (None, [], (True, True), "connection-failed", "UDP"),
    ],
)
def test_causes_are_told_apart(
    link: Link | None,
    servers: list[IceServer],
    heard: tuple[bool, bool],
    error_id: str,
    advice: str,
) -> None:
    failure = connection_failure(
        cast("PeerLink | None", link), servers, described=heard[0], connected=heard[1]
    )
    assert failure.error_id == error_id
    assert advice in failure.message
