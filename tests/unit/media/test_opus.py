"""Opus at low rates, there and back."""

import numpy as np
import pytest
from made_sound import vowel

from confapp.media.opus import OpusDecoder, OpusEncoder
from confapp.media.sound_format import CAPTURE_RATE, PLAY_RATE
from confapp.opus_plan import OpusPlan

SECONDS = 1.2


@pytest.mark.parametrize("frame_ms", [20, 40, 60])
@pytest.mark.parametrize("bitrate", [10_000, 24_000])
def test_sound_survives_at_its_rate(bitrate: int, frame_ms: int) -> None:
    encoder, decoder = OpusEncoder(OpusPlan(bitrate, frame_ms)), OpusDecoder()
    sound = vowel(SECONDS)
    size = encoder.frame_samples
    assert size == CAPTURE_RATE * frame_ms // 1000
    packets = [encoder.encode(sound[i : i + size]) for i in range(0, sound.size, size)]
    assert sum(map(len, packets)) * 8 / SECONDS == pytest.approx(bitrate, rel=0.3)
    decoded = [decoder.decode(packet) for packet in packets]
    assert {frame.size for frame in decoded} == {PLAY_RATE * frame_ms // 1000}
    heard = np.concatenate(decoded)[::3].astype(float)  # at the capture rate
    likeness = np.correlate(heard[2000:-2000], sound[3000:-3000].astype(float))
    norm = np.linalg.norm(heard[3000:-3000]) * np.linalg.norm(sound[3000:-3000])
    assert likeness.max() / norm > 0.75  # noise would have 0.05


@pytest.mark.parametrize("payload", [b"", bytes(2000), b"\xff\xff\xff"])
def test_what_is_no_opus_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="Opus"):
        OpusDecoder().decode(payload)


def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="320 samples"):
        OpusEncoder(OpusPlan(14_000, 20)).encode(np.zeros(100, np.int16))
