"""When a voice is heard, and when only a room."""

import numpy as np
from made_sound import vowel

from confapp.media.sound_format import CAPTURE_BLOCK, Samples
from confapp.media.voice_gate import HANG_MS, VoiceGate

BLOCKS_A_S = 100


def blocks(sound: Samples) -> list[Samples]:
    return [sound[i : i + CAPTURE_BLOCK] for i in range(0, sound.size, CAPTURE_BLOCK)]


def noise(seconds: float, level: float) -> Samples:
    rng = np.random.default_rng(0)
    return rng.normal(0, level, round(seconds * BLOCKS_A_S) * CAPTURE_BLOCK).astype(np.int16)


def test_silence_keeps_it_shut() -> None:
    gate = VoiceGate()
    assert not any(gate.is_open(block) for block in blocks(noise(2, 0)))


def test_a_voice_opens_it_at_once_and_its_end_closes_it_later() -> None:
    gate = VoiceGate()
    for block in blocks(noise(1, 8)):
        gate.is_open(block)
    spoken = [gate.is_open(block) for block in blocks(vowel(0.5))]
    assert all(spoken)
    after = [gate.is_open(block) for block in blocks(noise(2, 8))]
    assert after.index(False) == HANG_MS / 1000 * BLOCKS_A_S - 1
    assert not any(after[after.index(False) :])


def test_a_noisy_room_is_learned() -> None:
    gate = VoiceGate()
    heard = [gate.is_open(block) for block in blocks(noise(20, 300))]
    assert heard[0]
    assert not any(heard[-BLOCKS_A_S:])
    assert all(gate.is_open(block) for block in blocks(vowel(0.5)))
