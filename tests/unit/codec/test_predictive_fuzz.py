"""Messages that nobody should have sent: only `PacketError`, only finite numbers, no growth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from damage import cut, flipped, random_bytes, spliced

from confapp.codec import PacketError, PredictionTables, PredictiveCodec
from confapp.codec.packet import COUNTER_MODULUS
from confapp.codec.predictive_message import MAX_DISTANCE, PredictiveMessage
from confapp.codec.predictive_mode import HELD
from confapp.motion_frame import MotionFrame

PACKETS_A_KIND = 4000
Mutate = Callable[[np.random.Generator, bytes], bytes]


def forged(rng: np.random.Generator, message: bytes) -> bytes:
    """Any code word under a header that is right, as only a hostile sender makes it."""
    read = PredictiveMessage.from_bytes(message)
    word = rng.bytes(int(rng.integers(1, 80)))
    bare = PredictiveMessage(read.first_number, int(rng.integers(1, 7)), 0, 0, word)
    check = bare.check_of(PredictionTables.generic(4).root.check)
    return PredictiveMessage(bare.first_number, bare.frames, 0, check, word).to_bytes()


@pytest.mark.parametrize("mutate", [random_bytes, flipped, cut, spliced, forged])
def test_only_packet_errors_and_finite_numbers(
    mutate: Mutate, make_clip: Callable[..., list[MotionFrame]]
) -> None:
    rng = np.random.default_rng(20210610)
    codec = PredictiveCodec(PredictionTables.generic(4))
    encoder, decoder = codec.encoder(), codec.decoder()
    clip = make_clip(1, frames=300, keypoints=4)
    seen: Counter[str] = Counter()
    for number in range(PACKETS_A_KIND):
        message = encoder.encode(clip[number % 290 : number % 290 + 1 + number % 6])
        if number % 3 == 0:
            encoder.acknowledge(message)
        try:
            frames = decoder.read(mutate(rng, message))
        except PacketError as error:
            seen[error.error_id] += 1
        else:
            seen["read"] += 1
            assert all(np.isfinite(motion.numbers()).all() for _, motion in frames)
            assert all(motion.timestamp_ms >= 0 for _, motion in frames)
    assert seen.total() == PACKETS_A_KIND
    assert len(decoder._held) <= HELD
    # a byte of check lets one damaged message in 256 through
    assert mutate is forged or seen["read"] < PACKETS_A_KIND / 100


def test_forged_words_told_from_frames_that_are_held(
    make_clip: Callable[..., list[MotionFrame]],
) -> None:
    rng = np.random.default_rng(20210610)
    codec = PredictiveCodec(PredictionTables.generic(4))
    encoder, decoder = codec.encoder(), codec.decoder()
    for motion in make_clip(1, frames=HELD // 2, keypoints=4):
        decoder.read(encoder.encode([motion]))
    read = 0
    for _ in range(PACKETS_A_KIND // 2):
        held = list(decoder._held.items())
        number, state = held[int(rng.integers(len(held)))]
        distance = int(rng.integers(1, MAX_DISTANCE + 1))
        word = rng.bytes(int(rng.integers(1, 80)))
        first = (number + distance) % COUNTER_MODULUS
        bare = PredictiveMessage(first, int(rng.integers(1, 7)), distance, 0, word)
        message = replace(bare, check=bare.check_of(state.check)).to_bytes()
        try:
            frames = decoder.read(message)
        except PacketError:
            continue
        read += 1
        assert all(np.isfinite(motion.numbers()).all() for _, motion in frames)
        assert all(motion.timestamp_ms >= 0 for _, motion in frames)
    assert read > PACKETS_A_KIND / 20  # the words themselves were looked into
    assert len(decoder._held) <= HELD
