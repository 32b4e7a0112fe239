"""Files in place of a microphone and a speaker, on clocks set by hand."""

import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from made_sound import vowel, write_wav

from confapp.errors import ConfappError
from confapp.media.sound_file import PacedSound, has_sound, read_sound
from confapp.media.sound_format import (
    CAPTURE_BLOCK,
    PLAY_BLOCK,
    PLAY_RATE,
    Samples,
    level_dbfs,
)
from confapp.media.speaker import SoundFileSpeaker


class Clock:
    """Time that passes while somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_a_file_of_another_rate_is_read(tmp_path: Path) -> None:
    sound = read_sound(write_wav(tmp_path / "a.wav", vowel(1.0, rate=PLAY_RATE), PLAY_RATE))
    assert sound.size == pytest.approx(16_000, abs=50)
    assert level_dbfs(sound) == pytest.approx(level_dbfs(vowel(1.0)), abs=0.5)
    assert has_sound(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("content", "error_id"), [(None, "sound-not-found"), ("x", "sound-unreadable")]
)
def test_what_cannot_be_read(tmp_path: Path, content: str | None, error_id: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_text(content)
    assert not has_sound(path)
    with pytest.raises(ConfappError) as refused:
        read_sound(path)
    assert refused.value.error_id == error_id


def test_blocks_come_when_they_are_due() -> None:
    clock = Clock()
    sound = np.arange(3 * CAPTURE_BLOCK - 40, dtype=np.int16)
    blocks = []
    for block in PacedSound(sound, now=clock, wait=clock.wait).blocks():
        blocks.append(block)
        assert clock.now == pytest.approx(block.captured + 0.01)
    assert [block.captured for block in blocks] == pytest.approx([100.0, 100.01, 100.02])
    played = np.concatenate([block.samples for block in blocks])
    assert np.array_equal(played[: sound.size], sound)
    assert not played[sound.size :].any()


def test_a_loop_keeps_its_period_and_its_start() -> None:
    clock = Clock()
    started: list[float | None] = [None, None, 100.5]
    sound = np.ones(CAPTURE_BLOCK, np.int16)
    paced = PacedSound(
        sound, loop=True, period_s=0.03, started=lambda: started.pop(0), now=clock, wait=clock.wait
    )
    blocks = paced.blocks()
    taken = [next(blocks) for _ in range(7)]
    assert taken[0].captured == 100.5
    assert [bool(block.samples.all()) for block in taken] == [True, False, False] * 2 + [True]
    paced.close()
    assert next(blocks, None) is None


def test_a_loop_that_plays_already_is_joined_in_its_middle() -> None:
    """Nothing of what nobody listened to is sent after all."""
    clock = Clock()
    sound = np.repeat(np.arange(3, dtype=np.int16), CAPTURE_BLOCK)
    paced = PacedSound(sound, loop=True, started=lambda: 90.0, now=clock, wait=clock.wait)
    block = next(paced.blocks())
    assert block.captured == pytest.approx(100.0)
    assert block.samples[0] == 1000 % 3
    assert clock.now == pytest.approx(100.01)


def test_a_speaker_in_a_file_plays_in_real_time(tmp_path: Path) -> None:
    clock = Clock()
    asked: list[float] = []
    enough = threading.Event()

    def playout(at: float) -> Samples:
        asked.append(at)
        clock.now = at + 0.01
        if len(asked) == 5:
            enough.set()
        return np.full(PLAY_BLOCK, len(asked), np.int16)

    speaker = SoundFileSpeaker(playout, tmp_path / "out.wav", clock)
    assert enough.wait(10)
    speaker.close()
    speaker.close()
    assert asked[:5] == pytest.approx([100 + 0.01 * number for number in range(5)])
    with wave.open(str(tmp_path / "out.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (PLAY_RATE, 1)
        played = np.frombuffer(file.readframes(5 * PLAY_BLOCK), np.int16)
    assert list(played[::PLAY_BLOCK]) == [1, 2, 3, 4, 5]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as refused:
        SoundFileSpeaker(lambda _: np.zeros(0, np.int16), tmp_path / "none" / "a.wav")
    assert refused.value.error_id == "sound-not-writable"
