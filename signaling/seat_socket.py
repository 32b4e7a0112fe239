"""One WebSocket: from the join to the end of the connection, and what becomes of its seat."""

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Awaitable, Iterator

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from confapp.errors import ConfappError

from .errors import ErrorId, signaling_error
from .journal import note, note_fault
from .messages import (
    CLIENT_MESSAGE,
    Admit,
    Description,
    ErrorMessage,
    Join,
    Lobby,
    PeerJoined,
    ServerLeaving,
    ServerMessage,
    Welcome,
)
from .room import RESUME_TOKEN_BYTES, Room, Seat
from .server_state import ServerState
from .token_bucket import TokenBucket

# WebSocket close codes (RFC 6455 section 7.4.1 and the IANA registry)
DELIBERATE = (1000, 1001)  # 1005 is also what uvicorn calls a connection that is just gone
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012

RENEW_S = 15.0  # how often a connected seat is renewed
LEASE_S = 3 * RENEW_S  # how long it outlives a server that was killed
SWEEP_LATE_S = 0.1  # after a hold has ended for certain
CANCEL_AGAIN_S = 0.5
BURST_S = 3.0  # so many seconds' worth of messages may come at once


class SeatSocket:
    """Serves one accepted WebSocket.

    Args:
        websocket: accepted.
        room_id: of the room that it asks for.
        state: of the server.
        connection_id: correlates what is written down.
    """

    def __init__(
        self, websocket: WebSocket, room_id: str, state: ServerState, connection_id: str
    ) -> None:
        self._websocket = websocket
        self._room_id = room_id
        self._state = state
        self._names = {"room": state.invitations.room_tag(room_id), "connection": connection_id}
        self._seat_id = ""
        self._connection = 0
        self._serial = 0
        self._resume_token = ""

    async def serve(self) -> None:
        """The whole life of the connection."""
        with self._state.store.bells.listen(self._room_id) as bell:
            try:
                greeting = await self._enter()
            except WebSocketDisconnect:
                return
            except ConfappError as error:
                await self._refuse(error)
                return
            await self._stay(greeting, bell)

    # Coming

    async def _enter(self) -> Welcome | Lobby:
        """Take a seat. Raises: ConfappError, WebSocketDisconnect."""
        try:
            async with asyncio.timeout(self._state.settings.handshake_s):
                join = await self._receive()
        except TimeoutError:
            raise signaling_error(ErrorId.TOO_SLOW) from None
        if not isinstance(join, Join):
            raise signaling_error(ErrorId.BAD_MESSAGE)
        if join.resume_token is not None:
            return await self._resume(join.resume_token, join.serial)
        return await self._join(join)

    async def _join(self, join: Join) -> Welcome | Lobby:
        invitations, now = self._state.invitations, self._state.clock()
        room = await self._state.store.find(self._room_id)
        role = invitations.read(self._room_id, join.token, now)
        if room.passphrase_digest is not None:
            told = invitations.passphrase_digest(self._room_id, join.passphrase or "")
            if not hmac.compare_digest(told, room.passphrase_digest):
                raise signaling_error(ErrorId.PASSPHRASE_WRONG)
        self._resume_token = secrets.token_urlsafe(RESUME_TOKEN_BYTES)

        def take_seat(room: Room) -> Welcome | Lobby:
            seat = room.join(
                host=role.is_host, resume_token=self._resume_token, expires_at=now + LEASE_S
            )
            return self._occupy(room, seat)

        greeting = await self._state.store.update(self._room_id, take_seat)
        self._state.metrics.joins.inc()
        if isinstance(greeting, Welcome) and greeting.peer_present:
            self._state.metrics.pairings.inc()
        note("joined", **self._names, lobby=isinstance(greeting, Lobby))
        return greeting

    async def _resume(self, resume_token: str, serial: int) -> Welcome | Lobby:
        expires_at = self._state.clock() + LEASE_S
        greeting = await self._state.store.update(
            self._room_id, lambda room: self._occupy(room, room.resume(resume_token, expires_at))
        )
        self._resume_token, self._serial = resume_token, serial
        self._state.metrics.resumes.inc()
        note("resumed", **self._names)
        return greeting

    def _occupy(self, room: Room, seat: Seat) -> Welcome | Lobby:
        self._seat_id, self._connection = seat.id, seat.connection
        return room.greeting(seat.id)

    # Staying

    async def _stay(self, greeting: Welcome | Lobby, bell: asyncio.Event) -> None:
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write(greeting, bell))
        outcome: BaseException | None = None
        try:
            done, _ = await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            outcome = next((task.exception() for task in done if task.exception()), None)
        finally:
            await _end(reader, writer)
            await self._go(outcome)

    async def _read(self) -> None:
        """Take messages until one must not be. Raises: ConfappError, WebSocketDisconnect."""
        settings, clock = self._state.settings, self._state.clock
        bucket = TokenBucket(
            max(1.0, BURST_S * settings.messages_per_s), settings.messages_per_s, clock()
        )
        while True:
            try:
                async with asyncio.timeout(settings.idle_s):
                    message = await self._receive()
            except TimeoutError:
                raise signaling_error(ErrorId.IDLE) from None
            if not bucket.take(clock()):
                raise signaling_error(ErrorId.TOO_MANY_MESSAGES)
            self._state.metrics.messages.inc()
            await self._follow(message)

    async def _follow(self, message: Join | Admit | Description) -> None:
        place = (self._seat_id, self._connection)
        if isinstance(message, Description):
            await self._state.store.update(self._room_id, lambda room: room.relay(*place, message))
        elif isinstance(message, Admit):
            await self._state.store.update(self._room_id, lambda room: room.decide(*place, message))
        else:
            raise signaling_error(ErrorId.BAD_MESSAGE)

    async def _write(self, greeting: Welcome | Lobby, bell: asyncio.Event) -> None:
        """Send what comes by mail, and keep the seat. Raises: ConfappError."""
        await _while_open(self._send(greeting))
        while not self._state.doorkeeper.leaving:
            bell.clear()
            with _patience_with_store():
                room = await self._state.store.find(self._room_id)
                for message in room.mail_after(self._seat_id, self._connection, self._serial):
                    if isinstance(message, ErrorMessage):
                        raise ConfappError(message.error_id, message.message)
                    await _while_open(self._send(message))
                    self._serial = message.serial
            try:
                async with asyncio.timeout(RENEW_S):  # unlike `wait_for`, no task more
                    await bell.wait()
            except TimeoutError:
                with _patience_with_store():
                    await self._renew()
        await _while_open(self._send(ServerLeaving()))

    async def _renew(self) -> None:
        expires_at = self._state.clock() + LEASE_S
        await self._state.store.update(
            self._room_id, lambda room: room.renew(self._seat_id, self._connection, expires_at)
        )

    async def _receive(self) -> Join | Admit | Description:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        text: str | None = received.get("text")
        if text is None:
            raise signaling_error(ErrorId.BAD_MESSAGE)
        if len(text.encode()) > self._state.settings.max_message_bytes:
            raise signaling_error(ErrorId.TOO_LARGE)
        try:
            return CLIENT_MESSAGE.validate_json(text)
        except ValidationError:
            raise signaling_error(ErrorId.BAD_MESSAGE) from None

    async def _send(self, message: ServerMessage) -> None:
        """Send, with what the room does not keep: credentials, and the token to come back with."""
        if isinstance(message, Welcome | Lobby):
            message = message.model_copy(update={"resume_token": self._resume_token})
        if isinstance(message, Welcome | PeerJoined):
            message = message.model_copy(update={"ice_servers": self._state.ice_servers()})
        await self._websocket.send_text(message.model_dump_json())

    # Going

    async def _go(self, outcome: BaseException | None) -> None:
        """Give the seat up, or keep it for whoever was cut off."""
        place = (self._seat_id, self._connection)
        refused = isinstance(outcome, ConfappError)
        left = isinstance(outcome, WebSocketDisconnect) and outcome.code in DELIBERATE
        with contextlib.suppress(ConfappError):  # the room or its store is gone
            if refused or left:
                await self._state.store.update(self._room_id, lambda room: room.leave(*place))
            else:
                held_until = self._state.clock() + self._state.settings.resume_s
                await self._state.store.update(
                    self._room_id, lambda room: room.lose(*place, held_until)
                )
                self._state.later(self._sweep())
        note("left" if refused or left else "lost", **self._names)
        if isinstance(outcome, ConfappError):
            await self._refuse(outcome)
        elif outcome is None:
            await _while_open(self._websocket.close(SERVICE_RESTART))
        elif not isinstance(outcome, WebSocketDisconnect):
            note_fault("failed", outcome, **self._names)
            await _while_open(self._websocket.close(INTERNAL_ERROR))

    async def _sweep(self) -> None:
        """Once the hold is over, the other seat must hear of it."""
        await asyncio.sleep(self._state.settings.resume_s + SWEEP_LATE_S)
        with contextlib.suppress(ConfappError):
            await self._state.store.update(self._room_id, lambda _: None)

    async def _refuse(self, error: ConfappError) -> None:
        self._state.metrics.refusals.labels(error.error_id).inc()
        note("refused", **self._names, error_id=error.error_id)
        refusal = ErrorMessage(error_id=error.error_id, message=error.message)
        await _while_open(self._send(refusal))
        await _while_open(self._websocket.close(POLICY_VIOLATION))


async def _end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, by which redis-py sends, swallows a
    cancellation that comes just when it is done.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


async def _while_open(sending: Awaitable[None]) -> None:
    """To a client that is gone already nothing can be said; the reader hears how it went."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await sending


@contextlib.contextmanager
def _patience_with_store() -> Iterator[None]:
    """An outage of the store is waited out: seats are still there when it is back."""
    try:
        yield
    except ConfappError as error:
        if error.error_id != ErrorId.STORE_UNAVAILABLE:
            raise
