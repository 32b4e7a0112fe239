"""Links to rooms."""

import pytest

from confapp.call.room_url import RoomUrl
from confapp.errors import ConfappError


@pytest.mark.parametrize(
    ("link", "websocket"),
    [
        ("http://localhost:8000/r/abc", "ws://localhost:8000/r/abc/ws"),
        ("https://example.org/r/a-b_c", "wss://example.org/r/a-b_c/ws"),
        (" http://[::1]:8000/r/abc/\n", "ws://[::1]:8000/r/abc/ws"),
        ("HTTP://example.org/r/abc", "ws://example.org/r/abc/ws"),
        ("https://example.org/calls/r/abc", "wss://example.org/calls/r/abc/ws"),
        ("http://localhost:8000/r/abc#W1.a-_b", "ws://localhost:8000/r/abc/ws"),
    ],
)
def test_links(link: str, websocket: str) -> None:
    room = RoomUrl.parse(link)
    assert room.websocket == websocket
    assert RoomUrl.parse(room.link) == room
    assert room.link == link.strip().replace("abc/", "abc")


def test_the_invitation_does_not_show() -> None:
    room = RoomUrl.parse("http://localhost:8000/r/abc#W1.a-_b")
    assert room.token == "W1.a-_b"
    assert room.token not in repr(room)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "abc",
        "localhost:8000/r/abc",
        "http://localhost:8000",
        "http://localhost:8000/r/",
        "http://localhost:8000/r/a/b",
        "http://localhost:port/r/abc",
        "http:///r/abc",
        "ftp://localhost/r/abc",
        "http://localhost?x=/r/abc",
    ],
)
def test_what_is_no_link(link: str) -> None:
    with pytest.raises(ConfappError) as refused:
        RoomUrl.parse(link)
    assert refused.value.error_id == "bad-room-url"
