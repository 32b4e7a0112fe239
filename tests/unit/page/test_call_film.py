"""The film that the page starts when the other side agrees."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from confapp.call.control_message import RecordingStep
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.page.call_film import CallFilm
from confapp.page.page_phase import RecordingState
from receiver.rendered_frame import RenderedFrame


def frame(at_ms: int, size: int = 64) -> RenderedFrame:
    return RenderedFrame(np.full((size, size, 3), at_ms % 255, np.uint8), at_ms)


class Told:
    def __init__(self) -> None:
        self.states: list[RecordingState] = []
        self.path: Path | None = None
        self.steps: list[RecordingStep] = []

    def change(self, state: RecordingState, path: Path | None) -> None:
        self.states.append(state)
        self.path = path or self.path


async def started(film: CallFilm, told: Told) -> None:
    asking = asyncio.create_task(film.start(told.steps.append))
    await asyncio.sleep(0)
    film.on_answer(agreed=True)
    assert await asking


async def test_pictures_between_agreement_and_stop_are_kept(tmp_path: Path) -> None:
    told = Told()
    film = CallFilm(tmp_path, 64, told.change)
    film.write(frame(0))  # too early
    await started(film, told)
    for at_ms in range(40, 440, 40):
        film.write(frame(at_ms))
    await film.stop(told.steps.append)
    film.write(frame(500))  # too late
    assert told.states == [RecordingState.ASKED, RecordingState.ON, RecordingState.OFF]
    assert told.steps == ["ask", "stop"]
    assert told.path is not None
    assert len(list(Clip(told.path).frames())) == 10


async def test_a_stop_before_the_answer_withdraws_the_question(tmp_path: Path) -> None:
    told = Told()
    film = CallFilm(tmp_path, 64, told.change)
    asking = asyncio.create_task(film.start(told.steps.append))
    await asyncio.sleep(0)
    await film.stop(None)
    assert not await asking
    assert told.states == [RecordingState.ASKED, RecordingState.OFF]


async def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("confapp.page.call_film.ANSWER_S", 0.01)
    told = Told()
    assert not await CallFilm(tmp_path, 64, told.change).start(told.steps.append)
    assert told.states[-1] is RecordingState.OFF


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    told = Told()
    film = CallFilm(tmp_path / "gone", 64, told.change)
    with pytest.raises(ConfappError) as refusal:
        await started(film, told)
    assert refusal.value.error_id == "record-unwritable"
    assert told.states[-1] is RecordingState.OFF
