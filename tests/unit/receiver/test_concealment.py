"""What stands in for lost sound."""

import numpy as np
import pytest
from made_sound import vowel

from confapp.media.sound_format import PLAY_RATE, level_dbfs
from receiver.concealment import FADED_SAMPLES, HISTORY, WHOLE_SAMPLES, Concealment


@pytest.mark.parametrize("pitch_hz", [80.0, 120.0, 250.0])
def test_a_vowel_goes_on_with_its_own_pitch(pitch_hz: float) -> None:
    sound = vowel(0.2, pitch_hz, PLAY_RATE)
    before, lost = sound[:HISTORY], sound[HISTORY : HISTORY + WHOLE_SAMPLES]
    made = Concealment(before).make(WHOLE_SAMPLES)
    likeness = np.corrcoef(made.astype(float), lost.astype(float))[0, 1]
    assert likeness > 0.9


def test_it_fades_and_ends() -> None:
    gap = Concealment(vowel(0.1, rate=PLAY_RATE))
    levels = [level_dbfs(gap.make(PLAY_RATE // 50)) for _ in range(8)]
    assert levels == sorted(levels, reverse=True)
    assert gap.samples >= FADED_SAMPLES
    assert not gap.make(100).any()


def test_parts_are_the_whole() -> None:
    history = vowel(0.1, rate=PLAY_RATE)
    parts, whole = Concealment(history), Concealment(history)
    assert np.array_equal(np.concatenate([parts.make(480) for _ in range(4)]), whole.make(1920))


def test_sound_takes_over_without_a_click() -> None:
    sound = vowel(0.3, rate=PLAY_RATE)
    gap = Concealment(sound[:HISTORY])
    made = gap.make(2000)
    joined = np.concatenate([made, gap.blend(sound[HISTORY + 2100 :][:4000])]).astype(int)
    natural = np.abs(np.diff(sound.astype(int))).max()
    assert np.abs(np.diff(joined)).max() < 1.5 * natural


def test_silence_stays_silence() -> None:
    assert not Concealment(np.zeros(HISTORY, np.int16)).make(960).any()


def test_sound_is_shortened_by_whole_periods_without_a_click() -> None:
    sound = vowel(0.3, 120.0, PLAY_RATE)
    history, following = sound[:HISTORY], sound[HISTORY : HISTORY + 2880]
    shorter = Concealment(history).shorten(following, 1000)
    assert following.size - shorter.size == pytest.approx(2 * PLAY_RATE / 120, abs=8)
    joined = np.concatenate([history, shorter]).astype(int)
    assert np.abs(np.diff(joined)).max() < 1.2 * np.abs(np.diff(sound.astype(int))).max()
    assert Concealment(history).shorten(following, 100) is following
