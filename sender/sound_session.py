"""The sending side of sound: capture -> gate -> encode -> send."""

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

from confapp.call.call_session import CallSession
from confapp.media.opus import OpusEncoder
from confapp.media.sound_format import SILENCE_DBFS, SoundBlock, level_dbfs
from confapp.media.sound_source import SoundSource
from confapp.media.voice_gate import VoiceGate
from confapp.opus_plan import OpusPlan

PRE_ROLL_BLOCKS = 3  # sent from before the gate opened: words begin softly


class SoundSender:
    """Sends one person's sound for the length of a call; in pauses it sends nothing.

    The microphone and the encoder share a thread of their own.

    Args:
        source: the microphone, or a file in its place; closed at the end.

    Attributes:
        muted: nothing is sent; set it from any thread.
        level_dbfs: of the last block, for a meter; also while muted, so that one can be warned.
    """

    def __init__(self, source: SoundSource) -> None:
        self.muted = False
        self.level_dbfs = SILENCE_DBFS
        self._source = source

    async def run(self, call: CallSession) -> None:
        """Send until the sound ends or the task is cancelled.

        Raises:
            ConfappError: the microphone broke.
        """
        loop = asyncio.get_running_loop()

        def send(packet: bytes, captured: float) -> None:
            loop.call_soon_threadsafe(call.send_sound, packet, captured)

        work = asyncio.create_task(asyncio.to_thread(self._work, send, lambda: call.sound_plan))
        try:
            await asyncio.shield(work)
        finally:
            self._source.close()
            await asyncio.gather(work, return_exceptions=True)

    def _work(self, send: Callable[[bytes, float], None], plan: Callable[[], OpusPlan]) -> None:
        gate = VoiceGate()
        encoder = OpusEncoder(plan())
        recent: deque[SoundBlock] = deque(maxlen=PRE_ROLL_BLOCKS)
        frame: list[SoundBlock] = []
        for block in self._source.blocks():
            self.level_dbfs = level_dbfs(block.samples)
            if self.muted:
                frame.clear()
                recent.clear()
                continue
            is_open = gate.is_open(block.samples)
            if frame or is_open:
                frame += [*recent, block]  # after a pause, with what was just before
                recent.clear()
            else:
                recent.append(block)
            samples = np.concatenate([taken.samples for taken in frame]) if frame else None
            size = encoder.frame_samples
            if samples is None or samples.size < size:
                continue
            send(encoder.encode(samples[:size]), frame[0].captured)
            frame = frame[size // block.samples.size :]
            if not frame and not is_open:
                recent.clear()
            if not frame and encoder.plan != plan():
                encoder = OpusEncoder(plan())
