"""Invitations open one room to one role for a while, and nothing else."""

import pytest

from confapp.errors import ConfappError
from signaling.invitation import Invitations, Role

NOW = 1_000_000


@pytest.fixture
def invitations() -> Invitations:
    return Invitations("a secret")


def refusal(invitations: Invitations, room: str, token: str, now: float = NOW) -> str:
    with pytest.raises(ConfappError) as refused:
        invitations.read(room, token, now)
    return refused.value.error_id


@pytest.mark.parametrize("role", Role)
def test_what_was_signed_is_read(invitations: Invitations, role: Role) -> None:
    token = invitations.sign("room", role, NOW + 60)
    assert invitations.read("room", token, NOW + 59.9) is role
    assert refusal(invitations, "room", token, NOW + 60) == "invitation-expired"


def test_a_token_opens_no_other_room_and_no_other_server(invitations: Invitations) -> None:
    token = invitations.sign("room", Role.GUEST, NOW + 60)
    assert refusal(invitations, "moor", token) == "invitation-invalid"
    assert refusal(Invitations("another secret"), "room", token) == "invitation-invalid"
    assert refusal(Invitations(None), "room", token) == "invitation-invalid"


def test_a_guest_cannot_make_themselves_host(invitations: Invitations) -> None:
    guest, host = (invitations.sign("room", role, NOW + 60) for role in (Role.GUEST, Role.HOST))
    payload, signature = host.rpartition(".")[0], guest.rpartition(".")[2]
    assert refusal(invitations, "room", f"{payload}.{signature}") == "invitation-invalid"


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * 300, "ä.ö", "\x00", "W10.W10"])
def test_garbage(invitations: Invitations, token: str) -> None:
    assert refusal(invitations, "room", token) == "invitation-invalid"


def test_every_bit_of_a_token_counts(invitations: Invitations) -> None:
    token = invitations.sign("room", Role.GUEST, NOW + 60)
    for position in range(len(token) - 1):  # the last character of base64 has spare bits
        changed = "A" if token[position] != "A" else "B"
        forged = token[:position] + changed + token[position + 1 :]
        assert refusal(invitations, "room", forged) == "invitation-invalid"


def test_digests_differ_by_room_and_purpose(invitations: Invitations) -> None:
    digests = [
        invitations.passphrase_digest("a", "xyzxyz"),
        invitations.passphrase_digest("b", "xyzxyz"),
        invitations.passphrase_digest("a", "zyxzyx"),
        *(tag(name) for tag in (invitations.room_tag, invitations.site_tag) for name in "ab"),
    ]
    assert len({digest[:12] for digest in digests}) == 7
    assert "a" * 22 not in invitations.room_tag("a" * 22)
