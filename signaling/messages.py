"""What the server and its clients say to each other.

On the WebSocket of a room these are small JSON messages, told apart by `type`.

A change that an older peer cannot read gets a new `SIGNALING_VERSION`; fields that a peer does not
know are ignored, so adding an optional one does not need it.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SIGNALING_VERSION: Final = 1
MAX_MESSAGE_BYTES = 64 * 1024


# RFC 7064 and 7065, as far as aiortc reads them: an address that it refuses must not get that far.
ICE_URL = r"^(stuns?:[^?:]+(:\d+)?|turns?:[^?:]+(:\d+)?(\?transport=(udp|tcp))?)$"
IceUrl = Annotated[str, Field(pattern=ICE_URL)]


class IceServer(BaseModel):
    """One STUN or TURN server."""

    model_config = ConfigDict(frozen=True)

    urls: list[IceUrl] = Field(min_length=1)
    username: str | None = None
    credential: str | None = Field(default=None, repr=False)


class CreatedRoom(BaseModel):
    """The answer to `POST /rooms`: the room's id and its link."""

    room: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    url: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: Literal[1] = SIGNALING_VERSION


class Welcome(_Message):
    """Server to client, once and first: who finds a peer present waits for its offer."""

    type: Literal["welcome"] = "welcome"
    seat: Literal[0, 1]
    peer_present: bool
    ice_servers: list[IceServer]


class PeerJoined(_Message):
    """Server to client: the other seat is taken now; who hears this makes the offer."""

    type: Literal["peer-joined"] = "peer-joined"


class PeerLeft(_Message):
    """Server to client: the other seat is free again."""

    type: Literal["peer-left"] = "peer-left"


class Description(_Message):
    """Client to server, passed on to the other seat: an SDP offer or answer (RFC 8829)."""

    type: Literal["description"] = "description"
    kind: Literal["offer", "answer"]
    sdp: str = Field(repr=False, max_length=MAX_MESSAGE_BYTES)


class ErrorMessage(_Message):
    """Server to client, before it closes the WebSocket."""

    type: Literal["error"] = "error"
    error_id: str
    message: str


ClientMessage = Description
ServerMessage = Welcome | PeerJoined | PeerLeft | Description | ErrorMessage

SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(
    Annotated[ServerMessage, Field(discriminator="type")]
)
