"""What the server and its clients say to each other.

On the WebSocket of a room these are small JSON messages, told apart by `type`. The client speaks
first (`join`); the server answers with `welcome`, or with `lobby` and a `welcome` once admitted.

A change that an older peer cannot read gets a new `SIGNALING_VERSION`; fields that a peer does not
know are ignored, so adding an optional one does not need it.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

SIGNALING_VERSION: Final = 2
MAX_MESSAGE_BYTES = 64 * 1024
MAX_TOKEN = 256  # characters
MAX_OFFER_NAME = 32  # characters
MIN_PASSPHRASE, MAX_PASSPHRASE = 6, 128  # characters


# RFC 7064 and 7065, as far as aiortc reads them: an address that it refuses must not get that far.
ICE_URL = r"^(stuns?:[^?:]+(:\d+)?|turns?:[^?:]+(:\d+)?(\?transport=(udp|tcp))?)$"
IceUrl = Annotated[str, Field(pattern=ICE_URL)]


class IceServer(BaseModel):
    """One STUN or TURN server."""

    model_config = ConfigDict(frozen=True)

    urls: list[IceUrl] = Field(min_length=1)
    username: str | None = None
    credential: str | None = Field(default=None, repr=False)


class RoomRequest(BaseModel):
    """What `POST /rooms` may ask for.

    Attributes:
        passphrase: whoever joins must say it besides holding the link.
        lobby: guests wait until the host admits them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    passphrase: str | None = Field(
        default=None, min_length=MIN_PASSPHRASE, max_length=MAX_PASSPHRASE, repr=False
    )
    lobby: bool = False


class CreatedRoom(BaseModel):
    """The answer to `POST /rooms`: the room, and its two keys as part of a link and alone.

    Attributes:
        url: the link to pass on; the guest's token stands after its `#`.
        host_url: the host's own link. Without a lobby the two open the same door.
        expires_at: seconds since 1970 at which both links end.
    """

    room: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    url: str = Field(repr=False)
    host_url: str = Field(repr=False)
    guest_token: str = Field(repr=False, pattern=r"^[A-Za-z0-9._-]+$")
    host_token: str = Field(repr=False, pattern=r"^[A-Za-z0-9._-]+$")
    expires_at: int


class Problem(BaseModel):
    """Any refusal over HTTP."""

    error_id: str
    message: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: Literal[2] = SIGNALING_VERSION


class Join(_Message):
    """Client to server, once and first: take a seat, or take up again the one that was held.

    Attributes:
        token: the invitation, from behind the `#` of the link.
        resume_token: from the `welcome` or `lobby` of the lost connection, in place of `token`.
        serial: with `resume_token`, the number of the last message that arrived.
    """

    type: Literal["join"] = "join"
    token: str = Field(default="", max_length=MAX_TOKEN, repr=False)
    passphrase: str | None = Field(default=None, max_length=MAX_PASSPHRASE, repr=False)
    resume_token: str | None = Field(default=None, max_length=MAX_TOKEN, repr=False)
    serial: int = Field(default=0, ge=0)


class _Numbered(_Message):
    """`serial` counts what was put in a seat's mailbox from 1; 0 is said on this connection only.

    Whoever resumes gets everything after the number that they name.
    """

    serial: int = 0


class Welcome(_Numbered):
    """Server to client: you have a seat. Who finds a peer present waits for its offer."""

    type: Literal["welcome"] = "welcome"
    seat: Literal[0, 1]
    peer_present: bool
    ice_servers: list[IceServer] = []
    resume_token: str | None = Field(default=None, repr=False)


class Lobby(_Numbered):
    """Server to client: wait until the host admits you."""

    type: Literal["lobby"] = "lobby"
    resume_token: str | None = Field(default=None, repr=False)


class Knock(_Numbered):
    """Server to the host: somebody waits in the lobby."""

    type: Literal["knock"] = "knock"
    guest: str


class Admit(_Message):
    """Host to server: let the guest of a `knock` in, or turn them away."""

    type: Literal["admit"] = "admit"
    guest: str = Field(max_length=MAX_TOKEN)
    admit: bool


class PeerJoined(_Numbered):
    """Server to client: the other seat is taken now; who hears this makes the offer.

    The ICE servers come again, since TURN credentials may have run out while one waited.
    """

    type: Literal["peer-joined"] = "peer-joined"
    ice_servers: list[IceServer] = []


class PeerLeft(_Numbered):
    """Server to client: the other seat is free again."""

    type: Literal["peer-left"] = "peer-left"


class Description(_Numbered):
    """Client to server, passed on to the other seat: an SDP offer or answer (RFC 8829).

    Attributes:
        offer: names an offer; an answer repeats the name of the offer that it answers.
    """

    type: Literal["description"] = "description"
    kind: Literal["offer", "answer"]
    sdp: str = Field(repr=False, max_length=MAX_MESSAGE_BYTES)
    offer: str = Field(default="", max_length=MAX_OFFER_NAME)


class ServerLeaving(_Numbered):
    """Server to client: this server is about to stop; resume, or go on with the call as it is."""

    type: Literal["server-leaving"] = "server-leaving"


class ErrorMessage(_Numbered):
    """Server to client, before it closes the WebSocket."""

    type: Literal["error"] = "error"
    error_id: str
    message: str


MailedMessage = Annotated[
    Welcome | Knock | PeerJoined | PeerLeft | Description | ErrorMessage,
    Field(discriminator="type"),
]
ClientMessage = Annotated[Join | Admit | Description, Field(discriminator="type")]
ServerMessage = (
    Welcome | Lobby | Knock | PeerJoined | PeerLeft | Description | ServerLeaving | ErrorMessage
)

CLIENT_MESSAGE: TypeAdapter[Join | Admit | Description] = TypeAdapter(
    ClientMessage, config=ConfigDict(hide_input_in_errors=True)
)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(
    Annotated[ServerMessage, Field(discriminator="type")]
)
