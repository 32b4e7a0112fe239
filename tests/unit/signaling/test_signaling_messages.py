"""What must not be shown, and what the settings must refuse."""

import pytest
from pydantic import SecretStr, ValidationError

from signaling.errors import SENTENCES, ErrorId
from signaling.messages import Description, IceServer, Join, RoomRequest, Welcome
from signaling.settings import SignalingSettings


def test_descriptions_and_credentials_do_not_show() -> None:
    server = IceServer(urls=["turn:turn.example.org"], username="ada", credential="hunter2")
    hidden = SecretStr("hunter2")
    for shown in (
        Description(kind="offer", sdp="hunter2"),
        Join(token="hunter2", passphrase="hunter2", resume_token="hunter2"),
        Welcome(seat=0, peer_present=False, ice_servers=[server], resume_token="hunter2"),
        RoomRequest(passphrase="hunter2"),
        SignalingSettings(ice_servers=[server], secret=hidden, turn_secret=hidden, store=hidden),
    ):
        assert "hunter2" not in repr(shown)


@pytest.mark.parametrize(
    "url", ["stun:a", "stuns:a:5349", "turn:a:3478?transport=udp", "turns:a?transport=tcp"]
)
def test_ice_urls(url: str) -> None:
    assert IceServer(urls=[url]).urls == [url]


@pytest.mark.parametrize("url", ["", "a:3478", "http://a", "stun:", "stun:a?transport=udp"])
def test_ice_urls_that_a_peer_could_not_use_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        IceServer(urls=[url])


def test_ice_servers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFAPP_SIGNALING_ICE_SERVERS", '[{"urls": ["stun:stun.example.org"]}]')
    monkeypatch.setenv("CONFAPP_SIGNALING_PORT", "9000")
    settings = SignalingSettings()
    assert settings.ice_servers == [IceServer(urls=["stun:stun.example.org"])]
    assert settings.port == 9000


def test_every_error_has_a_sentence() -> None:
    assert set(SENTENCES) == set(ErrorId)
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())
