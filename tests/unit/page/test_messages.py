"""What the page may say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.page.messages import HangUp, Join, Turn, View, decode_command, decode_open
from confapp.page.page_phase import PagePhase
from confapp.pose_offset import PoseOffset


def test_commands_come_out_as_they_went_in() -> None:
    for command in (Join(room="http://h/r/a", name="Ada"), HangUp(), Turn(yaw=12.5, y=-0.25)):
        assert decode_command(command.model_dump_json()) == command


def test_a_turn_is_an_offset() -> None:
    assert Turn(yaw=1, pitch=2, roll=3, x=0.1, y=0.2).offset == PoseOffset(1, 2, 3, 0.1, 0.2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type": "hang"}',
        '{"type": "turn", "yaw": 46}',
        '{"type": "turn", "yaw": NaN}',
        '{"type": "turn", "yaw": 1e999}',
        '{"type": "turn", "x": 0.6}',
        '{"type": "camera"}',
        '{"type": "hang-up", "more": 1}',
        '{"type": "join", "room": "' + "r" * 1025 + '"}',
        '{"type": "answer", "question": "mood", "yes": true}',
        "[" * 3000,
    ],
)
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no command"):
        decode_command(text)


def test_a_refusal_does_not_repeat_what_was_said() -> None:
    with pytest.raises(ValueError, match="room") as refusal:
        decode_command(json.dumps({"type": "join", "room": ["secret"]}))
    assert "secret" not in str(refusal.value)


@given(st.text(max_size=200))
def test_any_text_is_a_command_or_a_value_error(text: str) -> None:
    for decode in (decode_command, decode_open):
        try:
            decode(text)
        except ValueError:
            continue
        raise AssertionError("text at random opened something")


def test_a_view_says_everything_each_time() -> None:
    view = json.loads(View(phase=PagePhase.LOBBY).model_dump_json())
    assert set(view) == set(View.model_fields)
