"""Every setting of the signaling server in one typed place."""

from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from confapp.errors import ConfappError

from .messages import MAX_MESSAGE_BYTES, IceServer


class SignalingSettings(BaseSettings):
    """Defaults, overridden by `SIGNALING_...` in the environment, overridden by arguments.

    Attributes:
        host: address to listen on; 0.0.0.0 for every interface.
        port: TCP port; 0 takes a free one.
        ice_servers: STUN and TURN servers told to both peers; in the environment as JSON.
        room_expiry_s: seconds after which a room that nobody is in is forgotten.
        max_rooms: how many rooms may exist at a time.
        max_message_bytes: the longest WebSocket message taken.
    """

    model_config = SettingsConfigDict(env_prefix="SIGNALING_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    ice_servers: list[IceServer] = []
    room_expiry_s: float = Field(default=1800.0, gt=0)
    max_rooms: int = Field(default=1000, gt=0)
    max_message_bytes: int = Field(default=MAX_MESSAGE_BYTES, gt=0)

    @classmethod
    def from_flags(cls, **flags: Any) -> "SignalingSettings":
        """Settings with the flags that were given; None means not given.

        Raises:
            ConfappError: `settings-invalid`, naming the first setting that is wrong. The values
                themselves are not told: there may be a TURN password among them.
        """
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise _invalid(f"The setting {name!r} is wrong ({first['msg']})") from error
        except SettingsError as error:
            raise _invalid("SIGNALING_ICE_SERVERS is not JSON") from error


def _invalid(what: str) -> ConfappError:
    return ConfappError(
        "settings-invalid",
        f"{what}: correct it in the environment (SIGNALING_...) or on the command line.",
    )
