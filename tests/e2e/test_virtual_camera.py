"""A call whose pictures other programs see."""

import json
import signal
from pathlib import Path

import pytest
from confapp_process import Start
from memory_camera import MemoryCamera

from confapp.call_command import hold
from confapp.settings import CallSettings


def test_the_other_person_is_on_the_virtual_camera(
    start: Start,
    room: str,
    model: Path,
    ada: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    driver = MemoryCamera()
    driver.install(monkeypatch)
    sender = start("send", room, "--model", model, "--input", ada, "--loop")
    driver.on_picture = lambda: sender.signal(signal.SIGINT)
    settings = CallSettings(model=str(model), window=False, audio=False, virtual_camera=True)
    hold(settings, room, sends=False, receives=True, as_json=True)
    said = capsys.readouterr()
    assert "on the camera memory" in said.err
    assert len(driver.pictures) == json.loads(said.out)["receiver"]["rendered"] > 0
    assert not driver.open
