"""A peer's side of the signaling server: make a room, join it, exchange descriptions."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Literal, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from confapp.errors import ConfappError
from signaling.errors import SENTENCES, ErrorId, signaling_error
from signaling.messages import (
    MAX_MESSAGE_BYTES,
    SERVER_MESSAGE,
    SIGNALING_VERSION,
    CreatedRoom,
    Description,
    ErrorMessage,
    PeerJoined,
    PeerLeft,
    ServerMessage,
    Welcome,
)

from .room_url import RoomUrl, is_server_url

ANSWER_S = 10.0  # how long the server may take to answer
CLOSE_S = 1.0  # how long it may take to close
MESSAGE_TOO_BIG = 1009  # WebSocket close code (RFC 6455 section 7.4.1)

SignalingEvent = PeerJoined | PeerLeft | Description


async def create_room(server_url: str) -> str:
    """Make a room on the server and return its link.

    Raises:
        ConfappError: `bad-server-url`, `server-unreachable`, `too-many-rooms`, or
            `not-a-signaling-server`.
    """
    server = server_url.strip().rstrip("/")
    if not is_server_url(server):
        raise ConfappError(
            "bad-server-url",
            "That is not the address of a signaling server: it looks like http://localhost:8000.",
        )
    try:
        async with httpx.AsyncClient(timeout=ANSWER_S) as client:
            answer = await client.post(f"{server}/rooms")
    except httpx.HTTPError as error:
        raise _unreachable(server) from error
    try:
        if answer.status_code == httpx.codes.CREATED:
            # The address that we know, not the one by which the server believes to be known.
            return RoomUrl(server, CreatedRoom.model_validate_json(answer.content).room).link
        raise _refusal(answer.json()["error_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise _not_signaling(server) from error


class SignalingClient:
    """A seat in a room. Leaving the `async with` gives it back.

    Attributes:
        welcome: what the server said first.
        malformed: messages of the server that could not be read and were dropped.
    """

    def __init__(self, websocket: ClientConnection, welcome: Welcome) -> None:
        self.welcome = welcome
        self.malformed = 0
        self._websocket = websocket

    @classmethod
    async def join(cls, room_url: str) -> Self:
        """Take a seat.

        Raises:
            ConfappError: `bad-room-url`, `server-unreachable`, `not-a-signaling-server`,
                `signaling-version-mismatch`, `room-not-found` or `room-full`.
        """
        room = RoomUrl.parse(room_url)
        try:
            websocket = await connect(
                room.websocket,
                open_timeout=ANSWER_S,
                close_timeout=CLOSE_S,
                max_size=2 * MAX_MESSAGE_BYTES,
            )
        except (InvalidStatus, InvalidURI) as error:
            raise _not_signaling(room.server) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise _unreachable(room.server) from error
        try:
            return cls(websocket, await _first_message(websocket, room.server))
        except BaseException:
            await websocket.close()
            raise

    async def send_description(self, kind: Literal["offer", "answer"], sdp: str) -> None:
        """Send an SDP offer or answer to the other seat; a lost server shows in `events`."""
        try:
            await self._websocket.send(Description(kind=kind, sdp=sdp).model_dump_json())
        except ConnectionClosed:
            return

    async def events(self) -> AsyncIterator[SignalingEvent]:
        """What happens in the room, until the server closes or is lost.

        Raises:
            ConfappError: the server refused a message of ours (`bad-message`, `too-large`).
        """
        try:
            async for received in self._websocket:
                try:
                    message = _parse(received)
                except ValueError:
                    self.malformed += 1
                    continue
                if isinstance(message, ErrorMessage):
                    raise _refusal(message.error_id)
                if not isinstance(message, Welcome):
                    yield message
        except ConnectionClosed as error:
            if error.rcvd is not None and error.rcvd.code == MESSAGE_TOO_BIG:
                raise signaling_error(ErrorId.TOO_LARGE) from error

    async def close(self) -> None:
        """Give the seat back."""
        await self._websocket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


async def _first_message(websocket: ClientConnection, server: str) -> Welcome:
    try:
        received = await asyncio.wait_for(websocket.recv(), ANSWER_S)
    except (ConnectionClosed, TimeoutError) as error:
        raise _unreachable(server) from error
    try:
        message = _parse(received)
    except ValueError as error:
        if _version(received) not in (None, SIGNALING_VERSION):
            raise ConfappError(
                "signaling-version-mismatch",
                f"The signaling server at {server} speaks another version: "
                "use the same version of confapp there.",
            ) from error
        raise _not_signaling(server) from error
    if isinstance(message, ErrorMessage):
        raise _refusal(message.error_id)
    if not isinstance(message, Welcome):
        raise _not_signaling(server)
    return message


def _parse(received: str | bytes) -> ServerMessage:
    """Raises: ValueError (pydantic's is one)."""
    return SERVER_MESSAGE.validate_json(received)


def _version(received: str | bytes) -> object:
    """The protocol version that a message names; None when it names none."""
    try:
        content = json.loads(received)
    except ValueError:
        return None
    return content.get("version") if isinstance(content, dict) else None


def _refusal(error_id: str) -> ConfappError:
    if error_id in SENTENCES:
        return signaling_error(ErrorId(error_id))
    return ConfappError(
        "signaling-refused",
        "The signaling server refused for a reason that this version of confapp does not know: "
        "use the same version of confapp there.",
    )


def _unreachable(server: str) -> ConfappError:
    return ConfappError(
        "server-unreachable",
        f"The signaling server at {server} does not answer: "
        "check the link, and that `confapp serve` runs there.",
    )


def _not_signaling(server: str) -> ConfappError:
    return ConfappError(
        "not-a-signaling-server",
        f"What answers at {server} is not a signaling server of confapp: check the link.",
    )
