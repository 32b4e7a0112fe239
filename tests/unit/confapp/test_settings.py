"""Defaults < file < environment < flags."""

import errno
from pathlib import Path

import pytest

from confapp.errors import ConfappError
from confapp.settings import SETTINGS_FILE, CallSettings


@pytest.fixture(autouse=True)
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the settings file of this user."""
    monkeypatch.setattr("confapp.settings.user_config_path", lambda _: tmp_path)
    return tmp_path / SETTINGS_FILE


def test_defaults() -> None:
    settings = CallSettings.from_flags(camera=None, seconds=None)
    assert (settings.model, settings.camera, settings.window) == ("lite-256", "0", True)


def test_each_source_overrides_the_one_before(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.write_text('camera = "1"\nseconds = 10\nwindow = false\n')
    monkeypatch.setenv("CONFAPP_CAMERA", "2")
    monkeypatch.setenv("CONFAPP_SECONDS", "20")
    settings = CallSettings.from_flags(camera="3")
    assert settings.camera == "3"
    assert settings.seconds == 20
    assert settings.window is False


@pytest.mark.parametrize(("text", "named"), [("seconds = -1", "seconds"), ("volume = 3", "volume")])
def test_a_wrong_setting_is_named(settings_file: Path, text: str, named: str) -> None:
    settings_file.write_text(text)
    with pytest.raises(ConfappError, match=f"'{named}'") as refusal:
        CallSettings.from_flags()
    assert refusal.value.error_id == "settings-invalid"


def test_a_file_that_is_not_toml_is_named(settings_file: Path) -> None:
    settings_file.write_text("camera = = 1")
    with pytest.raises(ConfappError, match=SETTINGS_FILE) as refusal:
        CallSettings.from_flags()
    assert refusal.value.error_id == "settings-unreadable"


def test_a_file_that_may_not_be_read_is_named(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("confapp.settings.TomlConfigSettingsSource._read_file", refuse)
    with pytest.raises(ConfappError, match=rf"{SETTINGS_FILE} .*\(Permission denied\)") as refusal:
        CallSettings.from_flags()
    assert refusal.value.error_id == "settings-unreadable"


@pytest.mark.parametrize(("text", "camera"), [("camera = 1", "1"), ('camera = "1"', "1")])
def test_a_camera_is_a_number_or_text(settings_file: Path, text: str, camera: str) -> None:
    settings_file.write_text(text)
    assert CallSettings.from_flags().camera == camera


def test_a_camera_is_not_a_truth_value(settings_file: Path) -> None:
    settings_file.write_text("camera = true")
    with pytest.raises(ConfappError, match="'camera'"):
        CallSettings.from_flags()
