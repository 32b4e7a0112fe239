"""A peer's side of the signaling server: make a room, join it, exchange descriptions."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import httpx
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from confapp.errors import ConfappError
from signaling.errors import SENTENCES, ErrorId, signaling_error
from signaling.messages import (
    MAX_MESSAGE_BYTES,
    MAX_PASSPHRASE,
    MIN_PASSPHRASE,
    SERVER_MESSAGE,
    SIGNALING_VERSION,
    Admit,
    CreatedRoom,
    Description,
    ErrorMessage,
    IceServer,
    Join,
    Knock,
    Lobby,
    PeerJoined,
    PeerLeft,
    Problem,
    RoomRequest,
    ServerMessage,
    Welcome,
)

from .room_url import RoomUrl, is_server_url

ANSWER_S = 10.0  # how long the server may take to answer
CLOSE_S = 1.0  # how long it may take to close
RESUME_S = 12.0  # how long to try to come back; less than servers hold a seat
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 2.0  # at most, between two attempts
DELIBERATE, MESSAGE_TOO_BIG = 1000, 1009  # WebSocket close codes (RFC 6455 section 7.4.1)
PASSING = {  # refusals of a resume that may be gone at the next attempt
    "server-unreachable",
    "not-a-signaling-server",  # a balancer's own page, while a server is replaced
    ErrorId.SERVER_LEAVING,
    ErrorId.SERVER_FULL,
    ErrorId.STORE_UNAVAILABLE,
    ErrorId.TOO_MANY_JOINS,
    ErrorId.TOO_MANY_SOCKETS,
}

SignalingEvent = PeerJoined | PeerLeft | Description | Knock


@dataclass(frozen=True, slots=True)
class RoomLinks:
    """The two keys to a room. Without a lobby they open the same door.

    Attributes:
        guest: the link to pass on.
        host: the link of whoever lets guests in from the lobby.
    """

    guest: str
    host: str


async def create_room(server_url: str) -> str:
    """Make a plain room and return its link; raises as `make_room`."""
    return (await make_room(server_url)).guest


async def make_room(
    server_url: str, *, lobby: bool = False, passphrase: str | None = None
) -> RoomLinks:
    """Make a room on the server.

    Args:
        server_url: of the signaling server.
        lobby: the host lets guests in.
        passphrase: said by whoever joins, besides holding the link.

    Raises:
        ConfappError: `passphrase-length`, `bad-server-url`, `server-unreachable`,
            `not-a-signaling-server`, or one of the server's own ids.
    """
    server = server_url.strip().rstrip("/")
    if not is_server_url(server):
        raise ConfappError(
            "bad-server-url",
            "That is not the address of a signaling server: it looks like http://localhost:8000.",
        )
    try:
        wishes = RoomRequest(lobby=lobby, passphrase=passphrase)
    except ValidationError:
        raise ConfappError(
            "passphrase-length",
            f"A passphrase has {MIN_PASSPHRASE} to {MAX_PASSPHRASE} characters: choose another.",
        ) from None
    try:
        async with httpx.AsyncClient(timeout=ANSWER_S) as client:
            answer = await client.post(f"{server}/rooms", json=wishes.model_dump())
    except httpx.HTTPError as error:
        raise _unreachable(server) from error
    try:
        if answer.status_code == httpx.codes.CREATED:
            made = CreatedRoom.model_validate_json(answer.content)
            # The address that we know, not the one by which the server believes to be known.
            guest, host = (
                RoomUrl(server, made.room, token).link
                for token in (made.guest_token, made.host_token)
            )
            return RoomLinks(guest, host)
        raise _refusal(answer.json()["error_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise _not_signaling(server) from error


class SignalingClient:
    """A seat in a room. Leaving the `async with` gives it back.

    A connection that is lost is made again by itself, and nothing that was said meanwhile is
    missed, as long as the server holds the seat.

    Attributes:
        welcome: what the server said when it gave the seat.
        ice_servers: STUN and TURN servers, with the newest credentials.
        malformed: messages of the server that could not be read and were dropped.
    """

    welcome: Welcome

    def __init__(self, room: RoomUrl, random: Callable[[], float]) -> None:
        self.ice_servers: list[IceServer] = []
        self.malformed = 0
        self._room = room
        self._random = random
        self._serial = 0
        self._resume_token: str | None = None
        self._unsent: list[Description | Admit] = []
        self._websocket: ClientConnection

    @classmethod
    async def join(
        cls,
        room_url: str,
        passphrase: str | None = None,
        on_lobby: Callable[[], object] = lambda: None,
        random: Callable[[], float] = random.random,
    ) -> Self:
        """Take a seat.

        Args:
            room_url: the link.
            passphrase: of the room, if it has one.
            on_lobby: called when the host has to let us in first; that may take any time.
            random: from 0 up to 1, so that not everybody comes back at the same time.

        Raises:
            ConfappError: `bad-room-url`, `server-unreachable`, `not-a-signaling-server`,
                `signaling-version-mismatch`, `signaling-refused`, or one of the server's own ids.
        """
        client = cls(RoomUrl.parse(room_url), random)
        message = await client._connect(Join(token=client._room.token, passphrase=passphrase))
        try:
            if isinstance(message, Lobby):
                on_lobby()
                message = await client._wait_in_lobby()
        except BaseException:
            await client.close()
            raise
        client.welcome = message
        return client

    async def send_description(self, kind: Literal["offer", "answer"], sdp: str) -> None:
        """Send an SDP offer or answer to the other seat; a lost server shows in `events`."""
        await self._send(Description(kind=kind, sdp=sdp))

    async def admit(self, guest: str, *, admit: bool) -> None:
        """Let the guest of a `Knock` in, or turn them away."""
        await self._send(Admit(guest=guest, admit=admit))

    async def events(self) -> AsyncIterator[SignalingEvent]:
        """What happens in the room, until the server closes or is lost for good.

        Raises:
            ConfappError: the server refused a message of ours (`bad-message`, `too-large`).
        """
        async for message in self._messages():
            if isinstance(message, PeerJoined | PeerLeft | Description | Knock):
                yield message

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

    async def _wait_in_lobby(self) -> Welcome:
        async for message in self._messages():
            if isinstance(message, Welcome):
                return message
        raise _unreachable(self._room.server)

    async def _messages(self) -> AsyncIterator[ServerMessage]:
        """Everything that the server says, over as many connections as it takes."""
        while True:
            async for received in _until_closed(self._websocket):
                try:
                    message = _parse(received)
                except ValueError:
                    self.malformed += 1
                    continue
                if isinstance(message, ErrorMessage):
                    raise _refusal(message.error_id)
                self._remember(message)
                yield message
            if self._websocket.close_code == MESSAGE_TOO_BIG:
                raise signaling_error(ErrorId.TOO_LARGE)
            if self._websocket.close_code == DELIBERATE:
                return
            resumed = await self._resume()
            if resumed is None:
                return
            yield resumed

    async def _connect(self, join: Join) -> Welcome | Lobby:
        """Open the WebSocket and say who we are; what the server says to that."""
        self._websocket = await _open(self._room)
        try:
            with contextlib.suppress(ConnectionClosed):  # what it said before is still there
                await self._websocket.send(join.model_dump_json())
            message = await _first_message(self._websocket, self._room.server)
        except BaseException:
            await self._websocket.close()
            raise
        self._remember(message)
        return message

    async def _resume(self) -> Welcome | Lobby | None:
        """Take up the seat again; None when that will not be."""
        if self._resume_token is None:
            return None
        patience_s = FIRST_RETRY_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RESUME_S):
                while True:
                    await asyncio.sleep(patience_s * self._random())
                    patience_s = min(2 * patience_s, LONGEST_RETRY_S)
                    try:
                        message = await self._connect(
                            Join(resume_token=self._resume_token, serial=self._serial)
                        )
                    except ConfappError as error:
                        if error.error_id not in PASSING:
                            return None
                    else:
                        unsent, self._unsent = self._unsent, []
                        for late in unsent:
                            await self._send(late)
                        return message
        return None

    def _remember(self, message: ServerMessage) -> None:
        self._serial = max(self._serial, message.serial)
        if isinstance(message, Welcome | Lobby):
            self._resume_token = message.resume_token
        if isinstance(message, Welcome | PeerJoined):
            self.ice_servers = message.ice_servers

    async def _send(self, message: Description | Admit) -> None:
        try:
            await self._websocket.send(message.model_dump_json())
        except ConnectionClosed:
            self._unsent.append(message)


async def _open(room: RoomUrl) -> ClientConnection:
    try:
        return await connect(
            room.websocket,
            open_timeout=ANSWER_S,
            close_timeout=CLOSE_S,
            max_size=2 * MAX_MESSAGE_BYTES,
        )
    except InvalidStatus as error:
        try:
            problem = Problem.model_validate_json(error.response.body or b"")
        except ValueError:
            raise _not_signaling(room.server) from error
        raise _refusal(problem.error_id) from error
    except InvalidURI as error:
        raise _not_signaling(room.server) from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise _unreachable(room.server) from error


async def _until_closed(websocket: ClientConnection) -> AsyncIterator[str | bytes]:
    try:
        async for received in websocket:
            yield received
    except ConnectionClosed:
        return


async def _first_message(websocket: ClientConnection, server: str) -> Welcome | Lobby:
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
    if not isinstance(message, Welcome | Lobby):
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
