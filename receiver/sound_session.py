"""The receiving side of sound: packets -> jitter buffer -> speaker."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from confapp.call.call_session import CallSession
from confapp.call.sound_packet import SoundPacket
from confapp.media.sound_format import SILENCE_DBFS, Samples, level_dbfs
from confapp.media.speaker import Playout
from receiver.lip_sync import LipSync
from receiver.sound_playout import SoundPlayout, SoundPlayoutStatistics


class OpenSpeaker(Protocol):
    """A speaker that plays until it is closed."""

    def close(self) -> None:
        """Fall silent."""
        ...


class SoundReceiver:
    """Plays the peer's sound for the length of a call.

    Args:
        open_speaker: opens the speaker that will ask for blocks; None where there is none.

    Attributes:
        sync: of the sound with the pictures.
        level_dbfs: of the last block played, for a meter.
    """

    def __init__(self, open_speaker: Callable[[Playout], OpenSpeaker | None]) -> None:
        self.level_dbfs = SILENCE_DBFS
        self._call: CallSession | None = None
        self.sync = LipSync(self._clock_offset)
        self._open_speaker = open_speaker
        self._closing: asyncio.Task[None] | None = None
        self._playout = SoundPlayout(self.sync.earliest)

    @property
    def statistics(self) -> SoundPlayoutStatistics:
        """Live counters."""
        return self._playout.statistics

    def on_sound(self, packet: SoundPacket) -> None:
        """Take a packet."""
        self._playout.put(packet)

    def on_picture(self, captured: float, shown: float) -> None:
        """A picture captured then on the peer's clock is shown then on ours."""
        self.sync.on_picture(captured, shown, self._playout.heard(shown))

    def picture_due(self, captured: float) -> float | None:
        """When a picture captured then on the peer's clock should be shown, on ours."""
        due = self._playout.own_due()
        return self.sync.picture_due(captured, *due) if due is not None else None

    async def run(self, call: CallSession) -> None:
        """Play until the task is cancelled.

        Raises:
            ConfappError: the speaker cannot be used.
        """
        self._call = call
        opening = asyncio.ensure_future(asyncio.to_thread(self._open_speaker, self._read))
        try:
            await asyncio.shield(opening)
            await asyncio.Event().wait()
        finally:
            # In a task of its own, since whoever cancels a second time would cut it off.
            self._closing = asyncio.create_task(_close(opening))
            await asyncio.shield(self._closing)

    def _clock_offset(self) -> float | None:
        return self._call.statistics.clock_offset_s if self._call is not None else None

    def _read(self, at: float) -> Samples:
        block = self._playout.read(at)
        self.level_dbfs = level_dbfs(block)
        return block


async def _close(opening: asyncio.Future[OpenSpeaker | None]) -> None:
    """Close a speaker, also one that opens late."""
    await asyncio.wait({opening})
    if opening.exception() is None and (speaker := opening.result()) is not None:
        await asyncio.to_thread(speaker.close)
