"""The link that opens the page, and who may use it."""

import hmac
import secrets
from dataclasses import dataclass, field

HOST = "127.0.0.1"
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class PageLink:
    """Where the page is, and the secret that opens it.

    The secret stands behind the `#`: browsers keep that from servers, logs and other sites, and
    the page says it as its first message.

    Attributes:
        port: on the loopback address.
        token: whoever has it steers the call: never log it.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(TOKEN_BYTES), repr=False)

    @property
    def url(self) -> str:
        """What a person opens."""
        return f"{self.origin}/#{self.token}"

    @property
    def origin(self) -> str:
        """The page's origin (RFC 6454)."""
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        """Host and port as a browser sends them."""
        return f"{HOST}:{self.port}"

    def admits(self, token: str) -> bool:
        """Whether this is the secret, found out in a time that says nothing about it."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def is_host(self, host: str | None) -> bool:
        """Whether a request was meant for this page; another name led here by DNS rebinding."""
        return host == self.host

    def is_origin(self, origin: str | None) -> bool:
        """Whether it was this page that asked, and not another site or program's page."""
        return origin == self.origin
