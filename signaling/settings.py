"""Every setting of the signaling server in one typed place."""

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from confapp.errors import ConfappError

from .messages import MAX_MESSAGE_BYTES, IceServer, IceUrl

MIN_SECRET = 32  # characters
PLACEHOLDER = "change-me"  # what .env.example has in place of secrets


class SignalingSettings(BaseSettings):
    """Defaults, overridden by `CONFAPP_SIGNALING_...` in the environment, overridden by arguments.

    Lists are JSON in the environment.

    Attributes:
        host: address to listen on; 0.0.0.0 for every interface.
        port: TCP port; 0 takes a free one.
        production: refuse to start without secrets and a public URL.
        public_url: by what URL people reach the server; None for the one they asked for.
        secret: signs invitations; None for one that lasts as long as the process.
        store: `redis://...` where several servers share rooms; None for this process's memory.
        ice_servers: STUN and TURN servers told to both peers.
        turn_urls: TURN servers that take time-limited credentials.
        turn_secret: shared with those.
        turn_credential_s: seconds for which a credential lasts; longer than the longest call.
        invitation_s: seconds for which the links of a room open it.
        room_expiry_s: seconds after which a room that nobody is in is forgotten.
        max_rooms: how many rooms may exist at a time.
        rooms_per_address: how many of them an address may have made.
        max_message_bytes: the longest WebSocket message taken.
        messages_per_s: how many messages a WebSocket may send a second; three times that at once.
        joins_per_min: how many WebSockets an address may open a minute; more than it may have
            open, so that all of them can come back at once when a server is lost.
        rooms_per_min: how many rooms an address may make a minute.
        sockets_per_address: how many WebSockets an address may have open.
        max_sockets: how many there may be in all.
        handshake_s: seconds until the first message, or all of a request, must have come.
        idle_s: seconds after which a WebSocket that says nothing is closed.
        ping_s: seconds between pings, and until their answer must have come.
        resume_s: seconds for which the seat of a lost connection is held.
        allowed_origins: web origins whose pages may join, besides the server's own.
        trusted_proxies: addresses or networks whose X-Forwarded-For and -Proto are believed.
        metrics_host, metrics_port: where Prometheus may read metrics; None for nowhere.
        json_logs: one JSON line for each thing that happens, on stderr.
    """

    model_config = SettingsConfigDict(
        env_prefix="CONFAPP_SIGNALING_", env_ignore_empty=True, frozen=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    production: bool = False
    public_url: str | None = Field(default=None, pattern=r"^https?://[^?#\s]+[^?#\s/]$")
    secret: SecretStr | None = None
    store: SecretStr | None = None
    ice_servers: list[IceServer] = []
    turn_urls: list[IceUrl] = []
    turn_secret: SecretStr | None = None
    turn_credential_s: int = Field(default=12 * 3600, ge=60)
    invitation_s: float = Field(default=24 * 3600.0, gt=0)
    room_expiry_s: float = Field(default=1800.0, ge=60)  # seats are renewed more often than that
    max_rooms: int = Field(default=10_000, gt=0)
    rooms_per_address: int = Field(default=100, gt=0)
    max_message_bytes: int = Field(default=MAX_MESSAGE_BYTES, gt=0, le=MAX_MESSAGE_BYTES)
    messages_per_s: float = Field(default=10.0, gt=0)
    joins_per_min: int = Field(default=120, gt=0)
    rooms_per_min: int = Field(default=20, gt=0)
    sockets_per_address: int = Field(default=100, gt=0)
    max_sockets: int = Field(default=10_000, gt=0)
    handshake_s: float = Field(default=10.0, gt=0)
    idle_s: float = Field(default=6 * 3600.0, gt=0)
    ping_s: float = Field(default=20.0, gt=0)
    resume_s: float = Field(default=15.0, gt=0)
    allowed_origins: list[str] = []
    trusted_proxies: list[str] = []
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    json_logs: bool = False

    @classmethod
    def from_flags(cls, **flags: Any) -> "SignalingSettings":
        """Settings with the flags that were given; None means not given.

        Raises:
            ConfappError: `settings-invalid`, naming the first setting that is wrong, or what is
                missing in production. Values are not told: there may be a password among them.
        """
        try:
            settings = cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise _invalid(f"The setting {name!r} is wrong ({first['msg']})") from error
        except SettingsError as error:
            found = re.search(r'field "(\w+)"', str(error))
            name = found[1].upper() if found else "..."
            raise _invalid(f"CONFAPP_SIGNALING_{name} is not JSON") from error
        settings.check()
        return settings

    def check(self) -> None:
        """Whether the settings go together.

        Raises:
            ConfappError: `settings-invalid`.
        """
        if self.store is not None and urlsplit(self.store.get_secret_value()).scheme not in (
            "redis",
            "rediss",
            "unix",
        ):
            raise _invalid("The setting 'store' is wrong (it begins with redis://)")
        if self.store is not None and self.secret is None:
            raise _invalid("Servers that share a store need the same 'secret'")
        if bool(self.turn_urls) != (self.turn_secret is not None):
            raise _invalid("The settings 'turn_urls' and 'turn_secret' go together")
        if "*" in self.trusted_proxies:
            raise _invalid("The setting 'trusted_proxies' is wrong (it names addresses, not all)")
        if self.production:
            self._check_production()

    def _check_production(self) -> None:
        if self.public_url is None or not self.public_url.startswith("https://"):
            raise _invalid("In production 'public_url' must be set, and begin with https://")
        if self.secret is None:
            raise _invalid("In production 'secret' must be set")
        for name, secret in (("secret", self.secret), ("turn_secret", self.turn_secret)):
            value = secret.get_secret_value() if secret is not None else None
            if value is not None and (len(value) < MIN_SECRET or value.startswith(PLACEHOLDER)):
                raise _invalid(
                    f"In production {name!r} must have at least {MIN_SECRET} random characters"
                )


def _invalid(what: str) -> ConfappError:
    return ConfappError(
        "settings-invalid",
        f"{what}: correct it in the environment (CONFAPP_SIGNALING_...) or on the command line.",
    )
