"""The sending side of sound, with a call that only takes."""

import asyncio
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pytest
from made_sound import vowel

from confapp.call.call_session import CallSession
from confapp.media.opus import OpusDecoder
from confapp.media.sound_format import CAPTURE_BLOCK, PLAY_RATE, SoundBlock, level_dbfs
from confapp.opus_plan import OpusPlan
from sender.sound_session import PRE_ROLL_BLOCKS, SoundSender

BLOCK_S = 0.01


class Blocks:
    """Sound as fast as it is asked for."""

    def __init__(self, *parts: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> None:
        self._sound = np.concatenate(parts)
        self.closed = False
        self.on_block: Callable[[int], None] | None = None

    def blocks(self) -> Iterator[SoundBlock]:
        for number in range(self._sound.size // CAPTURE_BLOCK):
            if self.on_block is not None:
                self.on_block(number)
            samples = self._sound[number * CAPTURE_BLOCK :][:CAPTURE_BLOCK]
            yield SoundBlock(samples, 5.0 + number * BLOCK_S)

    def close(self) -> None:
        self.closed = True


class Call:
    """Takes packets."""

    def __init__(self) -> None:
        self.sound_plan = OpusPlan(14_000, 60)
        self.packets: list[tuple[bytes, float]] = []

    def send_sound(self, payload: bytes, captured: float) -> None:
        self.packets.append((payload, captured))


async def sent(blocks: Blocks, call: Call, sender: SoundSender | None = None) -> None:
    await (sender or SoundSender(blocks)).run(cast("CallSession", call))
    await asyncio.sleep(0)  # the last packets are handed over


SILENCE = np.zeros(16_000, np.int16)


async def test_speech_is_sent_with_its_time_and_silence_is_not() -> None:
    blocks, call = Blocks(SILENCE, vowel(0.6), SILENCE), Call()
    await sent(blocks, call)
    first = call.packets[0][1]
    assert first == pytest.approx(6.0 - PRE_ROLL_BLOCKS * BLOCK_S)
    times = [captured for _, captured in call.packets]
    assert np.diff(times) == pytest.approx(0.06)
    assert times[-1] < 6.0 + 0.6 + 0.5  # the word's end hangs on
    decoder = OpusDecoder()
    heard = np.concatenate([decoder.decode(payload) for payload, _ in call.packets])
    assert level_dbfs(heard[PLAY_RATE // 10 : PLAY_RATE // 2]) > -25
    assert blocks.closed


async def test_silence_sends_nothing() -> None:
    call = Call()
    await sent(Blocks(SILENCE), call)
    assert call.packets == []


async def test_mute_sends_nothing_and_still_shows_the_level() -> None:
    blocks, call = Blocks(vowel(1.0)), Call()
    sender = SoundSender(blocks)
    sender.muted = True
    await sent(blocks, call, sender)
    assert call.packets == []
    assert sender.level_dbfs > -30


async def test_the_frame_follows_the_link() -> None:
    blocks, call = Blocks(vowel(1.0), vowel(1.0)), Call()

    def worse(number: int) -> None:
        if number == 100:
            call.sound_plan = OpusPlan(14_000, 20)

    blocks.on_block = worse
    await sent(blocks, call)
    steps = np.diff([captured for _, captured in call.packets]).round(3)
    assert set(steps[:10]) == {0.06}
    assert set(steps[-10:]) == {0.02}
