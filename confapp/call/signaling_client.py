"""A peer's side of the signaling server: make a room, join it, exchange descriptions."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import httpx
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from confapp.errors import ConfappError
from signaling.errors import ErrorId, signaling_error
from signaling.messages import (
    MAX_PASSPHRASE,
    MIN_PASSPHRASE,
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
    RoomRequest,
    ServerMessage,
    Welcome,
)

from .room_url import RoomUrl, is_server_url
from .signaling_socket import (
    ANSWER_S,
    first_message,
    not_signaling,
    open_socket,
    parse,
    refusal,
    unreachable,
    until_closed,
)

RESUME_S = 12.0  # how long to try to come back; less than servers hold a seat
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0  # at most, between two attempts
HURRIED_RETRY_S = 0.5  # the same for somebody who waits for it
# TCP asks again after 1 and 3 s, and a TLS handshake takes five round trips of a satellite.
RESUME_ANSWER_S = 4.0
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

SignalingEvent = Welcome | PeerJoined | PeerLeft | Description | Knock


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
        raise unreachable(server) from error
    try:
        if answer.status_code == httpx.codes.CREATED:
            made = CreatedRoom.model_validate_json(answer.content)
            # The address that we know, not the one by which the server believes to be known.
            guest, host = (
                RoomUrl(server, made.room, token).link
                for token in (made.guest_token, made.host_token)
            )
            return RoomLinks(guest, host)
        raise refusal(answer.json()["error_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise not_signaling(server) from error


class SignalingClient:
    """A seat in a room. Leaving the `async with` gives it back.

    A connection that is lost is made again by itself, and nothing that was said meanwhile is
    missed, as long as the server holds the seat.

    Attributes:
        welcome: what the server said when it gave the seat, or gave it back.
        connected: whether the server is there, as far as is known.
        patience_s: how long to try to come back before the server counts as gone.
        resume_answer_s: how long one attempt to come back may take.
        ice_servers: STUN and TURN servers, with the newest credentials.
        malformed: messages of the server that could not be read and were dropped.
    """

    welcome: Welcome

    def __init__(self, room: RoomUrl, random: Callable[[], float]) -> None:
        self.ice_servers: list[IceServer] = []
        self.malformed = 0
        self.connected = True
        self.patience_s = RESUME_S
        self.resume_answer_s = RESUME_ANSWER_S
        self._room = room
        self._passphrase: str | None = None
        self._hurry = asyncio.Event()
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
        client._passphrase = passphrase
        message = await client._connect(client._first_join(), ANSWER_S)
        try:
            if isinstance(message, Lobby):
                on_lobby()
                message = await client._wait_in_lobby()
        except BaseException:
            await client.close()
            raise
        client.welcome = message
        return client

    async def send_description(
        self, kind: Literal["offer", "answer"], sdp: str, offer: str = ""
    ) -> None:
        """Send an SDP offer or answer to the other seat; a lost server shows in `events`.

        Args:
            kind, sdp: the description.
            offer: names the offer, or the one that is answered.
        """
        await self._send(Description(kind=kind, sdp=sdp, offer=offer))

    async def admit(self, guest: str, *, admit: bool) -> None:
        """Let the guest of a `Knock` in, or turn them away."""
        await self._send(Admit(guest=guest, admit=admit))

    async def events(self) -> AsyncIterator[SignalingEvent]:
        """What happens in the room, until the server closes or is lost for good.

        A `Welcome` says that this side came back after its connection was lost.

        Raises:
            ConfappError: the server refused a message of ours (`bad-message`, `too-large`).
        """
        async for message in self._messages():
            if isinstance(message, SignalingEvent):
                yield message

    def refresh(self) -> None:
        """Make a new connection at once.

        When the network was away or is another one now, the old connection may look alive for
        minutes: TCP waits longer and longer before it tries again.
        """
        self._hurry.set()
        if self.connected:
            self._websocket.transport.abort()

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
        raise unreachable(self._room.server)

    async def _messages(self) -> AsyncIterator[ServerMessage]:
        """Everything that the server says, over as many connections as it takes."""
        while True:
            async for received in until_closed(self._websocket):
                try:
                    message = parse(received)
                except ValueError:
                    self.malformed += 1
                    continue
                if isinstance(message, ErrorMessage):
                    raise refusal(message.error_id)
                self._remember(message)
                yield message
            self.connected = False
            if self._websocket.close_code == MESSAGE_TOO_BIG:
                raise signaling_error(ErrorId.TOO_LARGE)
            if self._websocket.close_code == DELIBERATE:
                return
            resumed = await self._resume()
            if resumed is None:
                return
            self.connected = True
            yield resumed

    def _first_join(self) -> Join:
        return Join(token=self._room.token, passphrase=self._passphrase)

    async def _connect(self, join: Join, answer_s: float) -> Welcome | Lobby:
        """Open the WebSocket and say who we are; what the server says to that."""
        self._websocket = await open_socket(self._room, answer_s)
        try:
            with contextlib.suppress(ConnectionClosed):  # what it said before is still there
                await self._websocket.send(join.model_dump_json())
            message = await first_message(self._websocket, self._room.server, answer_s)
        except BaseException:
            await self._websocket.close()
            raise
        self._remember(message)
        return message

    async def _resume(self) -> Welcome | Lobby | None:
        """Take up the seat again, or a new one; None when that will not be."""
        if self._resume_token is None:
            return None
        retry_s = FIRST_RETRY_S
        waited_s = 0.0
        while waited_s < self.patience_s:
            if self._hurry.is_set():
                retry_s = min(retry_s, HURRIED_RETRY_S)
            waited_s += await self._pause(retry_s * self._random())
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)
            began = asyncio.get_running_loop().time()
            try:
                message = await self._connect(self._next_join(), self.resume_answer_s)
            except ConfappError as error:
                waited_s += asyncio.get_running_loop().time() - began
                if error.error_id == ErrorId.SEAT_LOST and self._resume_token is not None:
                    self._resume_token, self._serial = (
                        None,
                        0,
                    )  # was away for longer than it is held
                elif error.error_id not in PASSING:
                    return None
            else:
                self._hurry.clear()
                unsent, self._unsent = self._unsent, []
                for late in unsent:
                    await self._send(late)
                return message
        return None

    def _next_join(self) -> Join:
        if self._resume_token is None:
            return self._first_join()
        return Join(resume_token=self._resume_token, serial=self._serial)

    async def _pause(self, pause_s: float) -> float:
        """Wait until the next attempt, less when somebody is in a hurry; how long that was."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        hurried = self._hurry.is_set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await (asyncio.Event() if hurried else self._hurry).wait()
        return loop.time() - began

    def _remember(self, message: ServerMessage) -> None:
        self._serial = max(self._serial, message.serial)
        if isinstance(message, Welcome | Lobby):
            self._resume_token = message.resume_token
        if isinstance(message, Welcome):
            self.welcome = message
        if isinstance(message, Welcome | PeerJoined):
            self.ice_servers = message.ice_servers

    async def _send(self, message: Description | Admit) -> None:
        try:
            await self._websocket.send(message.model_dump_json())
        except ConnectionClosed:
            self._unsent.append(message)
