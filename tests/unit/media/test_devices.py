"""Microphone and speaker on a sound card of the test's own making."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.microphone import Microphone
from confapp.media.sound_format import CAPTURE_BLOCK, PLAY_BLOCK
from confapp.media.speaker import Speaker


class Card:
    """What sounddevice offers, as far as it is used."""

    class PortAudioError(Exception):
        pass

    def __init__(self, broken: bool = False) -> None:
        self.options: dict[str, Any] = {}
        self.closed = False
        self._broken = broken

    def take(self, **options: Any) -> "Card":
        if self._broken:
            raise Card.PortAudioError("no such device")
        self.options = options
        return self

    InputStream = OutputStream = take

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    card = Card()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    monkeypatch.setitem(sys.modules, "webrtc_noise_gain", None)
    return card


def test_blocks_of_the_microphone_bear_their_time(card: Card) -> None:
    microphone = Microphone("3", now=lambda: 50.0)
    assert card.options["device"] == 3
    samples = np.arange(CAPTURE_BLOCK, dtype=np.int16)[:, None]
    times = SimpleNamespace(currentTime=7.02, inputBufferAdcTime=7.0)
    card.options["callback"](samples, CAPTURE_BLOCK, times, None)
    microphone.close()
    blocks = list(microphone.blocks())
    assert card.closed
    assert len(blocks) == 1
    assert blocks[0].captured == pytest.approx(49.98)
    assert np.array_equal(blocks[0].samples, samples[:, 0])


def test_the_speaker_asks_for_what_is_heard_later(card: Card) -> None:
    asked: list[float] = []

    def playout(at: float) -> Any:
        asked.append(at)
        return np.full(PLAY_BLOCK, 9, np.int16)

    speaker = Speaker(playout, "USB", now=lambda: 50.0)
    assert card.options["device"] == "USB"
    heard = np.zeros((PLAY_BLOCK, 1), np.int16)
    times = SimpleNamespace(currentTime=7.0, outputBufferDacTime=7.03)
    card.options["callback"](heard, PLAY_BLOCK, times, None)
    speaker.close()
    assert asked == [pytest.approx(50.03)]
    assert (heard == 9).all()
    assert card.closed


def test_a_device_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Card(broken=True))
    for attempt in (Microphone, lambda: Speaker(lambda _: np.zeros(0, np.int16))):
        with pytest.raises(ConfappError, match="no such device") as refused:
            attempt()
        assert refused.value.error_id == "audio-device"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ConfappError, match=r"confapp\[audio\]") as refused:
        Microphone()
    assert refused.value.error_id == "no-audio-support"
