"""Seats, lobby, mail and resuming: a room without sockets, on a clock set by hand."""

from collections.abc import Callable

import pytest

from confapp.errors import ConfappError
from signaling.messages import (
    MAX_MESSAGE_BYTES,
    Admit,
    Description,
    Knock,
    Lobby,
    PeerJoined,
    PeerLeft,
    Welcome,
)
from signaling.room import LOBBY_PLACES, MAILBOX_MESSAGES, Room, Seat

OFFER = Description(kind="offer", sdp="v=0")
LATER = 1e9


@pytest.fixture
def room() -> Room:
    return Room(id="a")


def join(room: Room, name: str, *, host: bool = False) -> Seat:
    return room.join(host=host, resume_token=name, expires_at=LATER)


def mail(seat: Seat) -> list[str]:
    return [message.type for message in seat.mailbox]


def refusal(error: pytest.ExceptionInfo[ConfappError]) -> str:
    return error.value.error_id


def test_room_ids_are_long_and_differ() -> None:
    ids = {Room.new_id() for _ in range(3)}
    assert len(ids) == 3
    assert all(len(room_id) >= 22 for room_id in ids)  # 128 bits in base64


def test_two_seats_and_no_third(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    assert room.greeting(second.id) == Welcome(seat=1, peer_present=True)
    with pytest.raises(ConfappError) as refused:
        join(room, "eve")
    assert refusal(refused) == "room-full"
    assert [seat.id for seat in room.seats] == [first.id, second.id]


def test_the_other_seat_hears_of_coming_and_going(room: Room) -> None:
    first = join(room, "ada")
    second = join(room, "ben")
    room.leave(second.id, second.connection)
    assert first.mailbox == [PeerJoined(serial=1), PeerLeft(serial=2)]
    assert mail(second) == []
    assert join(room, "eve").number == 1


def test_descriptions_go_to_the_other_seat_only(room: Room) -> None:
    first = join(room, "ada")
    room.relay(first.id, 1, OFFER)  # nobody there: nobody to tell
    second = join(room, "ben")
    room.relay(first.id, 1, OFFER)
    assert second.mailbox == [OFFER.model_copy(update={"serial": 1})]
    assert mail(first) == ["peer-joined"]


def test_a_client_that_does_not_read_costs_bounded_memory(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    for _ in range(2 * MAILBOX_MESSAGES):
        room.relay(first.id, 1, OFFER)
    assert len(second.mailbox) == MAILBOX_MESSAGES
    assert second.mailbox[-1].serial == 2 * MAILBOX_MESSAGES
    large = Description(kind="offer", sdp="x" * (MAX_MESSAGE_BYTES - 1))
    for _ in range(3):
        room.relay(first.id, 1, large)
    assert len(second.mailbox) == 1


def test_who_resumes_gets_what_they_missed(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    room.relay(first.id, 1, OFFER)
    room.lose(second.id, 1, expires_at=100.0)
    room.relay(first.id, 1, Description(kind="offer", sdp="v=1"))
    room.sweep(99.0)
    back = room.resume("ben", expires_at=LATER)
    assert back.connection == 2
    assert [m.serial for m in room.mail_after(back.id, 2, 1)] == [2]
    assert mail(first) == ["peer-joined"]  # the peer noticed nothing


def test_a_hold_that_ends_frees_the_seat(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    room.lose(second.id, 1, expires_at=100.0)
    room.sweep(100.0)
    assert mail(first) == ["peer-joined", "peer-left"]
    with pytest.raises(ConfappError) as refused:
        room.resume("ben", expires_at=LATER)
    assert refusal(refused) == "seat-lost"


def test_a_resume_token_dies_with_the_seat(room: Room) -> None:
    seat = join(room, "ada")
    room.leave(seat.id, 1)
    with pytest.raises(ConfappError) as refused:
        room.resume("ada", expires_at=LATER)
    assert refusal(refused) == "seat-lost"


def test_an_older_connection_has_nothing_to_say(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    room.resume("ben", expires_at=LATER)
    acts: tuple[Callable[[], object], ...] = (
        lambda: room.relay(second.id, 1, OFFER),
        lambda: room.renew(second.id, 1, LATER),
        lambda: room.mail_after(second.id, 1, 0),
    )
    for act in acts:
        with pytest.raises(ConfappError) as refused:
            act()
        assert refusal(refused) == "seat-taken-over"
    room.leave(second.id, 1)
    room.lose(second.id, 1, expires_at=0.0)
    room.sweep(1.0)
    assert [seat.id for seat in room.seats] == [first.id, second.id]


def test_a_lost_seat_makes_way_for_whoever_comes(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    room.lose(second.id, 1, expires_at=100.0)
    again = join(room, "ben after a crash")
    assert again.number == 1
    assert mail(first) == ["peer-joined", "peer-left", "peer-joined"]


def test_the_host_lets_a_guest_in() -> None:
    room = Room(id="a", lobby=True)
    host = join(room, "host", host=True)
    guest = join(room, "guest")
    assert room.greeting(guest.id) == Lobby()
    assert host.mailbox == [Knock(guest=guest.id, serial=1)]
    room.decide(host.id, 1, Admit(guest=guest.id, admit=True))
    assert guest.number == 1
    assert guest.mailbox == [Welcome(seat=1, peer_present=True, serial=1)]
    assert mail(host) == ["knock", "peer-joined"]


def test_the_host_turns_a_guest_away_and_hears_of_those_who_waited() -> None:
    room = Room(id="a", lobby=True)
    guest = join(room, "guest")
    host = join(room, "host", host=True)
    assert host.mailbox == [Knock(guest=guest.id, serial=1)]
    room.decide(host.id, 1, Admit(guest=guest.id, admit=False))
    assert [getattr(m, "error_id", m) for m in guest.mailbox] == ["not-admitted"]
    room.leave(guest.id, 1)
    room.decide(host.id, 1, Admit(guest=guest.id, admit=True))  # gone: no error
    assert [seat.id for seat in room.seats] == [host.id]


def test_only_the_host_decides_and_the_lobby_says_nothing() -> None:
    room = Room(id="a", lobby=True)
    host, guest = join(room, "host", host=True), join(room, "guest")
    admit = Admit(guest=guest.id, admit=True)
    acts: tuple[Callable[[], object], ...] = (
        lambda: room.decide(guest.id, 1, admit),
        lambda: room.relay(guest.id, 1, OFFER),
    )
    for act in acts:
        with pytest.raises(ConfappError) as refused:
            act()
        assert refusal(refused) == "bad-message"
    assert mail(host) == ["knock"]


def test_a_guest_admitted_to_a_full_room_is_told_so() -> None:
    room = Room(id="a", lobby=True)
    host, _ = join(room, "host", host=True), join(room, "second host", host=True)
    guest = join(room, "guest")
    room.decide(host.id, 1, Admit(guest=guest.id, admit=True))
    assert [getattr(m, "error_id", m) for m in guest.mailbox] == ["room-full"]


def test_the_lobby_is_bounded_and_lost_guests_make_way() -> None:
    room = Room(id="a", lobby=True)
    guests = [join(room, f"guest {number}") for number in range(LOBBY_PLACES)]
    with pytest.raises(ConfappError) as refused:
        join(room, "one more")
    assert refusal(refused) == "lobby-full"
    room.lose(guests[3].id, 1, expires_at=LATER)
    join(room, "one more")
    assert len(room.seats) == LOBBY_PLACES


def test_a_room_survives_being_written_down(room: Room) -> None:
    first, second = join(room, "ada"), join(room, "ben")
    room.relay(first.id, 1, OFFER)
    again = Room.model_validate_json(room.model_dump_json())
    assert again.mail_after(second.id, 1, 0) == room.mail_after(second.id, 1, 0)
    assert again.resume("ada", expires_at=LATER).id == first.id
    assert "ben" not in room.model_dump_json()  # the tokens themselves are not kept


def test_news_stir_a_room_and_renewals_do_not(room: Room) -> None:
    first = join(room, "ada")
    room.take_stirred()
    room.renew(first.id, 1, LATER)
    room.lose(first.id, 1, LATER)
    assert not room.take_stirred()
    join(room, "ben")
    assert room.take_stirred()
