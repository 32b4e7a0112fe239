"""Defaults < environment < flags, of the signaling server."""

import pytest

from confapp.errors import ConfappError
from signaling.settings import SignalingSettings


def test_flags_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFAPP_SIGNALING_PORT", "9000")
    monkeypatch.setenv("CONFAPP_SIGNALING_HOST", "192.0.2.1")
    monkeypatch.setenv("CONFAPP_SIGNALING_ICE_SERVERS", '[{"urls": ["stun:192.0.2.2"]}]')
    settings = SignalingSettings.from_flags(host=None, port=0)
    assert (settings.host, settings.port) == ("192.0.2.1", 0)
    assert settings.ice_servers[0].urls == ["stun:192.0.2.2"]


def test_a_wrong_flag_is_named() -> None:
    with pytest.raises(ConfappError, match="'port'") as refusal:
        SignalingSettings.from_flags(port=70000)
    assert refusal.value.error_id == "settings-invalid"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("CONFAPP_SIGNALING_PORT", "abc", "'port'"),
        (
            "CONFAPP_SIGNALING_ICE_SERVERS",
            "stun:hunter2",
            "CONFAPP_SIGNALING_ICE_SERVERS is not JSON",
        ),
        (
            "CONFAPP_SIGNALING_ICE_SERVERS",
            '[{"urls": ["http://hunter2"], "credential": "hunter2"}]',
            "'ice_servers.0.urls.0'",
        ),
    ],
)
def test_a_wrong_variable_is_named_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfappError, match=named) as refusal:
        SignalingSettings.from_flags()
    assert refusal.value.error_id == "settings-invalid"
    assert "hunter2" not in refusal.value.message


GOOD = {
    "production": True,
    "public_url": "https://calls.example.org",
    "secret": "s" * 32,
    "turn_urls": ["turn:turn.example.org"],
    "turn_secret": "t" * 32,
}


def test_production_starts_with_everything_set() -> None:
    assert SignalingSettings.from_flags(**GOOD).production


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret": None}, "'secret' must be set"),
        ({"secret": "s" * 31}, "'secret' must have at least 32"),
        ({"secret": "change-me" * 10}, "'secret' must have at least 32"),
        ({"turn_secret": "change-me" * 10}, "'turn_secret' must have at least 32"),
        ({"turn_secret": None}, "'turn_urls' and 'turn_secret' go together"),
        ({"turn_urls": []}, "'turn_urls' and 'turn_secret' go together"),
        ({"public_url": None}, "'public_url' must be set"),
        ({"public_url": "http://calls.example.org"}, "'public_url' must be set"),
        ({"public_url": "https://calls.example.org/"}, "'public_url'"),
        ({"store": "memcached://a"}, "'store'"),
        ({"trusted_proxies": ["*"]}, "'trusted_proxies'"),
    ],
)
def test_production_refuses_to_start_without(change: dict[str, object], named: str) -> None:
    with pytest.raises(ConfappError, match=named) as refusal:
        SignalingSettings.from_flags(**GOOD | change)
    assert refusal.value.error_id == "settings-invalid"
    assert "sss" not in refusal.value.message


def test_servers_that_share_rooms_share_a_secret() -> None:
    with pytest.raises(ConfappError, match="'secret'"):
        SignalingSettings.from_flags(store="redis://localhost")


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFAPP_SIGNALING_SECRET", "")
    assert SignalingSettings.from_flags().secret is None


def test_all_people_of_an_address_can_come_back_at_once() -> None:
    settings = SignalingSettings()
    assert settings.joins_per_min > settings.sockets_per_address
