"""Whether somebody speaks, so that silence need not be sent (discontinuous transmission)."""

from confapp.media.sound_format import BLOCK_MS, SILENCE_DBFS, Samples, level_dbfs

ABOVE_FLOOR_DB = 9.0  # how much louder than the room a voice is
LEAST_DBFS = -55.0  # nothing softer is taken for a voice
HANG_MS = 400  # after the last loud block: word ends are soft
RISE_DB = 3.0 * BLOCK_MS / 1000  # the floor rises by 3 dB a second under steady noise
OPENING_FLOOR_DBFS = -60.0


class VoiceGate:
    """Follows the noise of the room by its quietest moments."""

    def __init__(self) -> None:
        self._floor = OPENING_FLOOR_DBFS
        self._hang_ms = 0

    def is_open(self, block: Samples) -> bool:
        """Whether this block, of `BLOCK_MS`, is to be sent."""
        level = level_dbfs(block)
        loud = level >= max(self._floor + ABOVE_FLOOR_DB, LEAST_DBFS)
        self._floor = min(max(level, SILENCE_DBFS), self._floor + RISE_DB)
        self._hang_ms = HANG_MS if loud else max(0, self._hang_ms - BLOCK_MS)
        return self._hang_ms > 0
