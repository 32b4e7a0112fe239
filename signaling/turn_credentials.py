"""Time-limited TURN credentials, as coturn's `use-auth-secret` expects them.

draft-uberti-behave-turn-rest-00: the user name is the time at which the credential ends and a name,
the password is the Base64 of its HMAC-SHA1 under a secret shared with the TURN server.
"""

import base64
import hashlib
import hmac
import secrets

from .messages import IceServer, IceUrl

NAME_BYTES = 6  # random: a name for quotas and logs of the TURN server that tells nobody's


class TurnCredentials:
    """Makes a credential for each join.

    Args:
        urls: the TURN server's URLs.
        secret: shared with the TURN server.
        lifetime_s: seconds for which a credential opens and refreshes allocations.
    """

    def __init__(self, urls: list[IceUrl], secret: str, lifetime_s: int) -> None:
        self._urls = urls
        self._secret = secret
        self._lifetime_s = lifetime_s

    def issue(self, now: float) -> IceServer:
        """A server entry with a fresh credential; `now` in seconds since 1970."""
        username = f"{int(now) + self._lifetime_s}:{secrets.token_hex(NAME_BYTES)}"
        digest = hmac.new(self._secret.encode(), username.encode(), hashlib.sha1).digest()
        return IceServer(
            urls=self._urls, username=username, credential=base64.b64encode(digest).decode()
        )
