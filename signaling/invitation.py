"""Invitations: short signed tokens that open one room to its host or its guests, for a while."""

import hashlib
import hmac
import secrets
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from .errors import ErrorId, signaling_error


class Role(StrEnum):
    """Who an invitation is for."""

    HOST = "h"
    GUEST = "g"

    @property
    def is_host(self) -> bool:
        """Whether it lets others in."""
        return self is Role.HOST


class Invitations:
    """Signs and reads invitations (HMAC-SHA256, by itsdangerous).

    A token holds a role and an end; the room is part of what is signed, so that it opens no other.

    Args:
        secret: the server's secret; None for one that lasts as long as this process.
    """

    def __init__(self, secret: str | None) -> None:
        self._secret = secret or secrets.token_urlsafe(32)

    def sign(self, room_id: str, role: Role, expires_at: int) -> str:
        """An invitation that ends at `expires_at`, in seconds since 1970."""
        token = self._serializer(room_id).dumps([role, expires_at])
        return token if isinstance(token, str) else token.decode()

    def read(self, room_id: str, token: str, now: float) -> Role:
        """The role that an invitation to this room gives.

        Raises:
            ConfappError: `invitation-invalid` or `invitation-expired`.
        """
        try:
            role, expires_at = self._serializer(room_id).loads(token)
        except BadData:
            raise signaling_error(ErrorId.INVITATION_INVALID) from None
        if now >= expires_at:
            raise signaling_error(ErrorId.INVITATION_EXPIRED)
        return Role(role)

    def passphrase_digest(self, room_id: str, passphrase: str) -> str:
        """What the store keeps of a room's passphrase; without the secret it tells nothing."""
        return self._digest(f"passphrase:{room_id}:{passphrase}")

    def room_tag(self, room_id: str) -> str:
        """A name for a room in logs, from which nobody finds the room."""
        return self._digest(f"tag:{room_id}")[:12]

    def site_tag(self, site: str) -> str:
        """A name for an address (`site_of`) in the store, from which nobody finds the address."""
        return self._digest(f"site:{site}")[:32]

    def _digest(self, told: str) -> str:
        return hmac.new(self._secret.encode(), told.encode(), hashlib.sha256).hexdigest()

    def _serializer(self, room_id: str) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._secret,
            salt=f"invitation:{room_id}",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
