"""Whether two sides can hold a call, and what they are told when not."""

import pytest

from confapp.call.hello import Hello, check
from confapp.errors import ConfappError

BOTH = Hello(
    app="1.0",
    sends=True,
    receives=True,
    model_name="lite-256",
    model_fingerprint="aaaa",
    tables_fingerprint="tttt",
    keypoints=20,
)


def verdict(mine: Hello, theirs: Hello) -> ConfappError:
    with pytest.raises(ConfappError) as refused:
        check(mine, theirs)
    return refused.value


def test_two_of_a_kind_can_talk() -> None:
    check(BOTH, BOTH)


def test_one_way_is_a_call_too() -> None:
    sender = BOTH.model_copy(update={"receives": False})
    receiver = BOTH.model_copy(update={"sends": False})
    check(sender, receiver)
    check(receiver, sender)


@pytest.mark.parametrize(
    ("change", "error_id", "shown"),
    [
        ({"protocol": 2, "app": "2.0", "model_fingerprint": "bbbb"}, "protocol-mismatch", "2.0"),
        ({"model_name": "vox-256", "model_fingerprint": "bbbb"}, "model-mismatch", "vox-256"),
        ({"codec": "paper", "tables_fingerprint": "uuuu"}, "codec-mismatch", "paper"),
        ({"tables_fingerprint": "uuuu"}, "tables-mismatch", "uuuu"),
    ],
)
def test_both_sides_come_to_the_same_verdict(
    change: dict[str, object], error_id: str, shown: str
) -> None:
    other = BOTH.model_copy(update=change)
    for error in (verdict(BOTH, other), verdict(other, BOTH)):
        assert error.error_id == error_id
        assert shown in error.message


@pytest.mark.parametrize("role", ["sends", "receives"])
def test_two_that_only_send_or_only_receive_have_nothing_to_do(role: str) -> None:
    one = BOTH.model_copy(update={"sends": False, "receives": False, role: True})
    error = verdict(one, one)
    assert error.error_id == "nothing-to-do"
    assert f"only {role}" in error.message


def test_the_hello_of_another_protocol_can_be_read_as_far_as_it_goes() -> None:
    theirs = Hello.model_validate_json('{"type": "hello", "protocol": 7, "weights": []}')
    assert verdict(BOTH, theirs).error_id == "protocol-mismatch"


def test_names_from_the_network_cannot_steer_a_terminal() -> None:
    theirs = BOTH.model_copy(update={"model_name": "\x1b[2Jevil", "model_fingerprint": "b"})
    assert "\x1b" not in verdict(BOTH, theirs).message
