"""One room of two: who sits where, who waits in the lobby, and the mail of each. No sockets here.

A room is plain data with plain methods, so that every store of rooms can keep it and change it as
one step. A method that raises has changed nothing.
"""

import hashlib
import hmac
import secrets
from typing import Literal

from pydantic import BaseModel, ConfigDict, PrivateAttr

from confapp.errors import ConfappError

from .errors import ErrorId, signaling_error
from .messages import (
    MAX_MESSAGE_BYTES,
    Admit,
    Description,
    ErrorMessage,
    Knock,
    Lobby,
    MailedMessage,
    PeerJoined,
    PeerLeft,
    Welcome,
)

ROOM_ID_BYTES = 16  # 128 bits
RESUME_TOKEN_BYTES = 16
SEAT_ID_BYTES = 9
MAILBOX_MESSAGES = 16  # a whole negotiation takes two
MAILBOX_SDP = MAX_MESSAGE_BYTES  # characters of all descriptions in one mailbox
LOBBY_PLACES = 8


class Seat(BaseModel):
    """A place in the room, or in its lobby.

    Attributes:
        id: names the seat; a guest's is what the host admits.
        resume_digest: SHA-256 of the resume token.
        number: which of the two seats; None in the lobby.
        expires_at: seconds since 1970 until when the seat is held unless it is renewed.
        connected: a WebSocket serves it, as far as the room knows.
        connection: counts the connections that served it; an older one has nothing to say.
    """

    id: str
    resume_digest: str
    number: Literal[0, 1] | None
    host: bool
    expires_at: float
    connected: bool = True
    connection: int = 1
    serial: int = 0
    mailbox: list[MailedMessage] = []

    def mail(self, message: MailedMessage) -> None:
        """Keep a message for this seat; the oldest make way when there are too many."""
        self.serial += 1
        self.mailbox.append(message.model_copy(update={"serial": self.serial}))
        while len(self.mailbox) > MAILBOX_MESSAGES or (
            len(self.mailbox) > 1 and _sdp_length(self.mailbox) > MAILBOX_SDP
        ):
            del self.mailbox[0]


class Room(BaseModel):
    """Two seats and a lobby.

    Attributes:
        id: names the room; opens nothing without an invitation.
        maker: whose share of rooms it takes up, see `Invitations.site_tag`.
        passphrase_digest: see `Invitations.passphrase_digest`; None for a room without.
        lobby: guests wait until the host admits them.
        seats: of those in the room and in the lobby.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    id: str
    maker: str = ""
    passphrase_digest: str | None = None
    lobby: bool = False
    seats: list[Seat] = []
    _stirred: bool = PrivateAttr(default=False)

    @staticmethod
    def new_id() -> str:
        """An id that cannot be guessed."""
        return secrets.token_urlsafe(ROOM_ID_BYTES)

    def take_stirred(self) -> bool:
        """Whether there is news for some seat since the last call."""
        stirred, self._stirred = self._stirred, False
        return stirred

    # Coming

    def join(self, *, host: bool, resume_token: str, expires_at: float) -> Seat:
        """Take a free seat, or a place in the lobby.

        A seat whose connection is lost is given to whoever comes: most often that is the same
        person after a crash.

        Raises:
            ConfappError: `room-full` or `lobby-full`.
        """
        number: Literal[0, 1] | None = None
        if self.lobby and not host:
            self._make_lobby_place()
        else:
            number = self._free_number()
        seat = Seat(
            id=secrets.token_urlsafe(SEAT_ID_BYTES),
            resume_digest=_digest(resume_token),
            number=number,
            host=host,
            expires_at=expires_at,
        )
        self._settle(seat)
        return seat

    def resume(self, resume_token: str, expires_at: float) -> Seat:
        """Take up a seat again; the connection that served it so far is over.

        Raises:
            ConfappError: `seat-lost`.
        """
        digest = _digest(resume_token)
        for seat in self.seats:
            if hmac.compare_digest(seat.resume_digest, digest):
                seat.connection += 1
                seat.connected = True
                seat.expires_at = expires_at
                self._stirred = True
                return seat
        raise signaling_error(ErrorId.SEAT_LOST)

    def greeting(self, seat_id: str) -> Welcome | Lobby:
        """What is said first to whoever came or came back."""
        seat = self._seat(seat_id)
        if seat.number is None:
            return Lobby()
        return Welcome(seat=seat.number, peer_present=self._peer(seat) is not None)

    # Staying

    def renew(self, seat_id: str, connection: int, expires_at: float) -> None:
        """Hold the seat for longer; raises as `mail_after`."""
        self._served(seat_id, connection).expires_at = expires_at

    def mail_after(self, seat_id: str, connection: int, serial: int) -> list[MailedMessage]:
        """The messages with higher numbers than `serial`.

        Raises:
            ConfappError: `seat-lost`, or `seat-taken-over` by a newer connection.
        """
        seat = self._served(seat_id, connection)
        return [message for message in seat.mailbox if message.serial > serial]

    def relay(self, seat_id: str, connection: int, description: Description) -> None:
        """Pass a description on to the other seat; nobody there means nobody to tell.

        Raises:
            ConfappError: as `mail_after`; `bad-message` from the lobby.
        """
        seat = self._served(seat_id, connection)
        if seat.number is None:
            raise signaling_error(ErrorId.BAD_MESSAGE)
        if peer := self._peer(seat):
            self._mail(peer, description)

    def decide(self, seat_id: str, connection: int, admit: Admit) -> None:
        """Let a guest in or turn them away; one who has gone meanwhile is no error.

        Raises:
            ConfappError: as `mail_after`; `bad-message` from anybody but the host.
        """
        if not self._served(seat_id, connection).host:
            raise signaling_error(ErrorId.BAD_MESSAGE)
        guest = next((s for s in self.seats if s.id == admit.guest and s.number is None), None)
        if guest is None:
            return
        try:
            if not admit.admit:
                raise signaling_error(ErrorId.NOT_ADMITTED)
            number = self._free_number()
        except ConfappError as refusal:
            self._mail(guest, ErrorMessage(error_id=refusal.error_id, message=refusal.message))
            return
        self.seats.remove(guest)
        guest.number = number
        self._settle(guest)
        peer = self._peer(guest)
        self._mail(guest, Welcome(seat=number, peer_present=peer is not None))

    # Going

    def lose(self, seat_id: str, connection: int, expires_at: float) -> None:
        """The connection is lost: hold the seat until then, for its owner to come back."""
        for seat in self.seats:
            if (seat.id, seat.connection) == (seat_id, connection):
                seat.connected = False
                seat.expires_at = expires_at

    def leave(self, seat_id: str, connection: int) -> None:
        """Free the seat at once and tell the other one."""
        for seat in self.seats:
            if (seat.id, seat.connection) == (seat_id, connection):
                self._free(seat)
                return

    def sweep(self, now: float) -> None:
        """Free the seats that nobody renewed."""
        for seat in [seat for seat in self.seats if seat.expires_at <= now]:
            self._free(seat)

    # Within

    def _seat(self, seat_id: str) -> Seat:
        for seat in self.seats:
            if seat.id == seat_id:
                return seat
        raise signaling_error(ErrorId.SEAT_LOST)

    def _served(self, seat_id: str, connection: int) -> Seat:
        seat = self._seat(seat_id)
        if seat.connection != connection:
            raise signaling_error(ErrorId.SEAT_TAKEN_OVER)
        return seat

    def _peer(self, seat: Seat) -> Seat | None:
        for other in self.seats:
            if other is not seat and None not in (other.number, seat.number):
                return other
        return None

    def _free_number(self) -> Literal[0, 1]:
        """A seat's number, freed first where its connection is lost. Raises: `room-full`."""
        taken = {seat.number: seat for seat in self.seats if seat.number is not None}
        numbers: tuple[Literal[0], Literal[1]] = (0, 1)
        for number in numbers:
            if number not in taken:
                return number
        for number in numbers:
            if not taken[number].connected:
                self._free(taken[number])
                return number
        raise signaling_error(ErrorId.ROOM_FULL)

    def _make_lobby_place(self) -> None:
        """Raises: `lobby-full`."""
        waiting = [seat for seat in self.seats if seat.number is None]
        if len(waiting) < LOBBY_PLACES:
            return
        for seat in waiting:
            if not seat.connected:
                self._free(seat)
                return
        raise signaling_error(ErrorId.LOBBY_FULL)

    def _settle(self, seat: Seat) -> None:
        """Add a seat, and tell those whom it concerns."""
        self.seats.append(seat)
        if seat.number is None:
            for other in self.seats:
                if other.host and other.number is not None:
                    self._mail(other, Knock(guest=seat.id))
            return
        if peer := self._peer(seat):
            self._mail(peer, PeerJoined())
        if seat.host:
            for other in self.seats:
                if other.number is None:
                    self._mail(seat, Knock(guest=other.id))

    def _free(self, seat: Seat) -> None:
        peer = self._peer(seat)
        self.seats.remove(seat)
        self._stirred = True
        if peer is not None:
            self._mail(peer, PeerLeft())

    def _mail(self, seat: Seat, message: MailedMessage) -> None:
        seat.mail(message)
        self._stirred = True


def _digest(resume_token: str) -> str:
    return hashlib.sha256(resume_token.encode()).hexdigest()


def _sdp_length(mailbox: list[MailedMessage]) -> int:
    return sum(len(message.sdp) for message in mailbox if isinstance(message, Description))
