"""The WebSocket to a signaling server: opened, read, and its refusals in sentences."""

import asyncio
import json
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from confapp.errors import ConfappError
from signaling.errors import SENTENCES, ErrorId, signaling_error
from signaling.messages import (
    MAX_MESSAGE_BYTES,
    SERVER_MESSAGE,
    SIGNALING_VERSION,
    ErrorMessage,
    Lobby,
    Problem,
    ServerMessage,
    Welcome,
)

from .room_url import RoomUrl

ANSWER_S = 10.0  # how long the server may take to answer
CLOSE_S = 1.0  # how long it may take to close


async def open_socket(room: RoomUrl, answer_s: float = ANSWER_S) -> ClientConnection:
    """Open the WebSocket of a room.

    Raises:
        ConfappError: `server-unreachable`, `not-a-signaling-server`, or one of the server's ids.
    """
    try:
        return await connect(
            room.websocket,
            open_timeout=answer_s,
            close_timeout=CLOSE_S,
            max_size=2 * MAX_MESSAGE_BYTES,
        )
    except InvalidStatus as error:
        try:
            problem = Problem.model_validate_json(error.response.body or b"")
        except ValueError:
            raise not_signaling(room.server) from error
        raise refusal(problem.error_id) from error
    except InvalidURI as error:
        raise not_signaling(room.server) from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise unreachable(room.server) from error


async def until_closed(websocket: ClientConnection) -> AsyncIterator[str | bytes]:
    """What is received until the connection ends, however it does."""
    try:
        async for received in websocket:
            yield received
    except ConnectionClosed:
        return


async def first_message(
    websocket: ClientConnection, server: str, answer_s: float = ANSWER_S
) -> Welcome | Lobby:
    """The server's answer to the join.

    Raises:
        ConfappError: as `open_socket`, and `signaling-version-mismatch`.
    """
    try:
        received = await asyncio.wait_for(websocket.recv(), answer_s)
    except (ConnectionClosed, TimeoutError) as error:
        raise unreachable(server) from error
    try:
        message = parse(received)
    except ValueError as error:
        if _version(received) not in (None, SIGNALING_VERSION):
            raise ConfappError(
                "signaling-version-mismatch",
                f"The signaling server at {server} speaks another version: "
                "use the same version of confapp there.",
            ) from error
        raise not_signaling(server) from error
    if isinstance(message, ErrorMessage):
        raise refusal(message.error_id)
    if not isinstance(message, Welcome | Lobby):
        raise not_signaling(server)
    return message


def parse(received: str | bytes) -> ServerMessage:
    """A message of the server.

    Raises:
        ValueError: it cannot be read (pydantic's error is one).
    """
    return SERVER_MESSAGE.validate_json(received)


def _version(received: str | bytes) -> object:
    """The protocol version that a message names; None when it names none."""
    try:
        content = json.loads(received)
    except ValueError:
        return None
    return content.get("version") if isinstance(content, dict) else None


def refusal(error_id: str) -> ConfappError:
    """What the server refused, in our own words."""
    if error_id in SENTENCES:
        return signaling_error(ErrorId(error_id))
    return ConfappError(
        "signaling-refused",
        "The signaling server refused for a reason that this version of confapp does not know: "
        "use the same version of confapp there.",
    )


def unreachable(server: str) -> ConfappError:
    """Nothing answers at the server's address."""
    return ConfappError(
        "server-unreachable",
        f"The signaling server at {server} does not answer: "
        "check the link, and that `confapp serve` runs there.",
    )


def not_signaling(server: str) -> ConfappError:
    """Something else answers there."""
    return ConfappError(
        "not-a-signaling-server",
        f"What answers at {server} is not a signaling server of confapp: check the link.",
    )
