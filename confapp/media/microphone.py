"""The microphone."""

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from confapp.media.sample_clock import SampleClock
from confapp.media.sound_device import device_broke, open_stream
from confapp.media.sound_format import CAPTURE_BLOCK, CAPTURE_RATE, Samples, SoundBlock
from confapp.media.voice_processing import voice_processing

WAITING_BLOCKS = 20  # 200 ms: whoever is later than that goes on with what is new
SILENT_DEVICE_S = 5.0


class Microphone:
    """Blocks of the microphone, cleaned of noise and levelled where the extra is installed.

    Args:
        device: number or name of PortAudio; None for the default.
        now: seconds on the call's clock.

    Raises:
        ConfappError: `no-audio-support` or `audio-device`.
    """

    def __init__(
        self, device: str | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._blocks: queue.Queue[SoundBlock | None] = queue.Queue()
        self._clock = SampleClock(CAPTURE_RATE)
        self._process = voice_processing()
        self._stream = open_stream("microphone", device, CAPTURE_RATE, CAPTURE_BLOCK, self._take)

    def blocks(self) -> Iterator[SoundBlock]:
        """Blocks as they come."""
        while True:
            try:
                block = self._blocks.get(timeout=SILENT_DEVICE_S)
            except queue.Empty:
                raise device_broke("microphone", OSError("it gives nothing")) from None
            if block is None:
                return
            yield SoundBlock(self._process(block.samples), block.captured)

    def close(self) -> None:
        """Let the microphone go."""
        self._stream.close()
        self._blocks.put(None)

    def _take(self, samples: Samples, _frames: int, times: Any, _status: Any) -> None:
        """Called by PortAudio on a thread of its own."""
        latency_s = max(0.0, times.currentTime - times.inputBufferAdcTime) if times else 0.0
        ended = self._now() - latency_s + samples.shape[0] / CAPTURE_RATE
        captured = self._clock.stamp(samples.shape[0], ended)
        if self._blocks.qsize() < WAITING_BLOCKS:
            self._blocks.put(SoundBlock(np.array(samples[:, 0]), captured))
