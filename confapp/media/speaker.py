"""The speaker, and a file in its place. Both ask for sound when it is due."""

import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confapp.errors import ConfappError
from confapp.media.sound_device import open_stream
from confapp.media.sound_format import BLOCK_MS, PLAY_BLOCK, PLAY_RATE, Samples

BLOCK_S = BLOCK_MS / 1000

# The next block of `PLAY_BLOCK` samples, of which the first is heard at this time in seconds on
# the call's clock. Called on a thread of the speaker.
Playout = Callable[[float], Samples]


class Speaker:
    """Plays what `playout` gives.

    Args:
        playout: asked for each block.
        device: number or name of PortAudio; None for the default.
        now: seconds on the call's clock.

    Raises:
        ConfappError: `no-audio-support` or `audio-device`.
    """

    def __init__(
        self,
        playout: Playout,
        device: str | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._playout = playout
        self._now = now
        self._stream = open_stream("speaker", device, PLAY_RATE, PLAY_BLOCK, self._give)

    def close(self) -> None:
        """Fall silent."""
        self._stream.close()

    def _give(self, samples: Samples, _frames: int, times: Any, _status: Any) -> None:
        latency_s = max(0.0, times.outputBufferDacTime - times.currentTime) if times else 0.0
        samples[:, 0] = self._playout(self._now() + latency_s)


class SoundFileSpeaker:
    """Writes what would be heard to a WAV file, in real time.

    Args:
        playout: asked for each block when it is due.
        path: the file.
        now: seconds on the call's clock.

    Raises:
        ConfappError: `sound-not-writable`.
    """

    def __init__(
        self, playout: Playout, path: Path, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._playout = playout
        self._now = now
        self._closed = threading.Event()
        try:
            self._raw = path.open("wb")
        except OSError as error:
            raise ConfappError(
                "sound-not-writable",
                f"{path} cannot be written ({error.strerror}): check --audio-output.",
            ) from error
        self._file = wave.open(self._raw, "wb")  # noqa: SIM115 (closed in `close`)
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(PLAY_RATE)
        self._thread = threading.Thread(target=self._play, name="speaker")
        self._thread.start()

    def close(self) -> None:
        """Finish the file."""
        if not self._closed.is_set():
            self._closed.set()
            self._thread.join()
            self._file.close()
            self._raw.close()

    def _play(self) -> None:
        due = self._now()
        while not self._closed.is_set():
            self._file.writeframes(self._playout(due).tobytes())
            due += BLOCK_S
            early_s = due - self._now()
            if early_s > 0:
                self._closed.wait(early_s)
