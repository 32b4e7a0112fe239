"""TURN credentials against the draft's own formula."""

import base64
import hashlib
import hmac

from signaling.turn_credentials import TurnCredentials


def test_a_credential_is_the_hmac_of_its_own_end() -> None:
    urls = ["turn:turn.example.org:3478"]
    server = TurnCredentials(urls, "north", lifetime_s=600).issue(now=1_000_000.7)
    assert server.urls == urls
    assert server.username is not None
    ends, _, name = server.username.partition(":")
    assert (ends, len(name)) == ("1000600", 12)
    digest = hmac.digest(b"north", server.username.encode(), hashlib.sha1)
    assert server.credential == base64.b64encode(digest).decode()
    assert server.credential not in repr(server)


def test_no_two_are_the_same() -> None:
    credentials = TurnCredentials(["turn:a"], "north", lifetime_s=600)
    assert credentials.issue(0.0).username != credentials.issue(0.0).username
