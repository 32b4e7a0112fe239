"""The microphones of the lobby: which there are, and how loud the chosen one is."""

import logging
import threading
from collections.abc import Callable

from confapp.errors import ConfappError
from confapp.media.sound_device import port_audio
from confapp.media.sound_format import level_dbfs
from confapp.media.sound_source import SoundSource
from confapp.page.messages import MAX_DEVICE, Device

MOST = 16

logger = logging.getLogger(__name__)


def list_microphones() -> list[Device]:
    """The microphones of this machine, the default first; none without PortAudio."""
    try:
        devices = list(port_audio().query_devices())
        default = port_audio().default.device[0]
    except Exception as error:  # PortAudio raises its own kinds where there is no sound at all
        logger.info("no microphones can be listed: %s", type(error).__name__)
        return []
    order = sorted(range(len(devices)), key=lambda number: number != default)
    found = []
    for number in order:
        name = str(devices[number]["name"])
        if devices[number]["max_input_channels"] > 0 and len(str(number)) <= MAX_DEVICE:
            found.append(Device(id=str(number), label=name))
    return found[:MOST]


class MicrophoneMeter:
    """Listens to one microphone at a time on a thread of its own; nothing of it is kept.

    Args:
        open_microphone: by the id of the list.
    """

    def __init__(self, open_microphone: Callable[[str], SoundSource]) -> None:
        self._open = open_microphone
        self._source: SoundSource | None = None
        self._thread: threading.Thread | None = None
        self._level: float | None = None

    @property
    def level_dbfs(self) -> float | None:
        """Of the last block, in dB below full scale; None while nothing is heard."""
        return self._level

    def listen(self, device: str) -> None:
        """Listen to this one from now on, if it can be opened."""
        self.close()
        try:
            self._source = self._open(device)
        except ConfappError as error:
            logger.warning("a microphone cannot be opened: %s", error.error_id)
            return
        self._thread = threading.Thread(
            target=self._read, args=(self._source,), name="microphone-meter"
        )
        self._thread.start()

    def close(self) -> None:
        """Let the microphone go and wait until it is free. May be called again."""
        source, thread, self._source, self._thread = self._source, self._thread, None, None
        if source is not None:
            source.close()
        if thread is not None:
            thread.join()
        self._level = None

    def _read(self, source: SoundSource) -> None:
        try:
            for block in source.blocks():
                self._level = level_dbfs(block.samples)
        except ConfappError as error:
            logger.warning("the microphone broke: %s", error.error_id)
            self._level = None
