"""A sound file, or the sound of a clip, in place of a microphone."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np

from confapp.errors import ConfappError
from confapp.media.sound_format import BLOCK_MS, CAPTURE_BLOCK, CAPTURE_RATE, Samples, SoundBlock

BLOCK_S = BLOCK_MS / 1000
LOOK_S = 0.02


def read_sound(path: Path) -> Samples:
    """All of a file's sound, mono at the capture rate.

    Raises:
        ConfappError: `sound-not-found` or `sound-unreadable`.
    """
    if not path.is_file():
        raise ConfappError(
            "sound-not-found", f"There is no sound file at {path}; check --audio-input."
        )
    resampler = av.AudioResampler(format="s16", layout="mono", rate=CAPTURE_RATE)
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise _unreadable(path, "it holds no sound")
            decoded = [
                resampled.to_ndarray().reshape(-1)
                for frame in (*container.decode(audio=0), None)
                for resampled in resampler.resample(frame)
            ]
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    if not decoded:
        raise _unreadable(path, "it holds no sound")
    return np.concatenate(decoded).astype(np.int16, copy=False)


def has_sound(path: Path) -> bool:
    """Whether a file holds a sound track; False as well for one that cannot be read."""
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.audio)
    except (av.FFmpegError, OSError):
        return False


class PacedSound:
    """Plays sound at its own speed, from a given moment on.

    Args:
        sound: what to play, at the capture rate.
        loop: start again at the end, for ever.
        period_s: how long one round of the loop takes: silence fills it up, or it is cut; None
            for as long as the sound is.
        started: when it begins, in seconds on the clock; None while that is unknown.
        now: seconds on the call's clock.
        wait: waits that many seconds, or less once `close` was called.
    """

    def __init__(
        self,
        sound: Samples,
        *,
        loop: bool = False,
        period_s: float | None = None,
        started: Callable[[], float | None] | None = None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        length = sound.size if period_s is None else round(period_s * CAPTURE_RATE)
        self._sound = np.zeros(max(1, length), np.int16)
        kept = min(length, sound.size)
        self._sound[:kept] = sound[:kept]
        self._loop = loop
        self._now = now
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._started = started

    def blocks(self) -> Iterator[SoundBlock]:
        """Each block once its last sample is due, from the moment on at which somebody asks."""
        start = self._start()
        number = 0
        if start is not None:  # what began before is joined in its middle, as one joins a speaker
            number = max(0, int((self._now() - start) / BLOCK_S))
        while start is not None and not self._closed.is_set():
            first = number * CAPTURE_BLOCK
            if not self._loop and first >= self._sound.size:
                return
            places = np.arange(first, first + CAPTURE_BLOCK)
            samples = (
                self._sound[places % self._sound.size]
                if self._loop
                else np.pad(self._sound[first : first + CAPTURE_BLOCK], (0, CAPTURE_BLOCK))[
                    :CAPTURE_BLOCK
                ]
            )
            early_s = start + (number + 1) * BLOCK_S - self._now()
            if early_s > 0:
                self._wait(early_s)
            if not self._closed.is_set():
                yield SoundBlock(samples, start + number * BLOCK_S)
            number += 1

    def close(self) -> None:
        """Stop playing, also in the middle of a wait."""
        self._closed.set()

    def _start(self) -> float | None:
        if self._started is None:
            return self._now()
        while (start := self._started()) is None and not self._closed.is_set():
            self._wait(LOOK_S)
        return start


def _unreadable(path: Path, reason: str) -> ConfappError:
    return ConfappError(
        "sound-unreadable",
        f"{path} cannot be read as sound ({reason}); use a file such as WAV or MP3.",
    )
