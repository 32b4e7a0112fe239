"""The link to a room, as people pass it on: `http(s)://host:port/r/ROOM#INVITATION`."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from confapp.errors import ConfappError

ROOM_PATH = "/r/"
EXAMPLE = "http://localhost:8000/r/Nq3xGz4a8T#WyJnIiwx"
WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class RoomUrl:
    """A room's link, taken apart.

    Attributes:
        server: URL of the signaling server, without a slash at the end.
        room: the room's id.
        token: the invitation, which opens the room: never log it. Browsers keep it from servers,
            since it stands behind the `#`; it is said as the first message on the WebSocket.
    """

    server: str
    room: str
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, link: str) -> "RoomUrl":
        """Take a link apart.

        Raises:
            ConfappError: `bad-room-url`.
        """
        address, _, token = link.strip().partition("#")
        server, slash, room = address.partition(ROOM_PATH)
        room = room.rstrip("/")
        if not slash or not room or "/" in room or not is_server_url(server):
            raise ConfappError(
                "bad-room-url", f"That is not a link to a room: it looks like {EXAMPLE}."
            )
        return cls(server, room, token)

    @property
    def link(self) -> str:
        """The link as people pass it on."""
        return f"{self.server}{ROOM_PATH}{self.room}" + (f"#{self.token}" if self.token else "")

    @property
    def websocket(self) -> str:
        """Where the room's WebSocket is."""
        scheme, rest = self.server.split("://", 1)
        return f"{WEBSOCKET_SCHEMES[scheme.lower()]}://{rest}{ROOM_PATH}{self.room}/ws"


def is_server_url(url: str) -> bool:
    """Whether this is a plain URL of a web server."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in WEBSOCKET_SCHEMES
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.query or parts.fragment)
        )
    except ValueError:  # a port that is no number
        return False
