"""From packets of sound to what is heard: an adaptive jitter buffer that conceals what is missing.

The delay follows how unevenly packets come, and how late the pictures are: sound is drawn out or
shortened by whole periods of its pitch, which is hardly heard.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from confapp.call.sound_packet import SoundPacket
from confapp.media.opus import OpusDecoder
from confapp.media.sound_format import PLAY_BLOCK, PLAY_RATE, Samples, level_dbfs
from receiver.arrival_delay import ArrivalDelay
from receiver.concealment import FADED_SAMPLES, HISTORY, Concealment

MOST_WAITING = 64  # packets; a peer that sends more has them dropped
PAUSE = PLAY_RATE * 5 // 1000  # a step of timestamps larger than this is a pause
LONGEST_CONCEALED = PLAY_RATE * 200 // 1000  # of one gap; after more it begins anew
SOFT_DBFS = -45.0  # nobody misses anything there
LONG_S = 0.03  # how much too long the delay may be
FAR_LONG_S = 0.4  # from there on whole frames are left out
SHORT_S = 0.02  # how much too short it may be
LONGEST_STRETCH_S = 0.06  # at a time

Earliest = Callable[[int], float | None]


@dataclass(slots=True)
class SoundPlayoutStatistics:
    """Counters, and the delay as it is now.

    Attributes:
        received: packets that could be decoded and were in time.
        late: packets that came after their turn.
        malformed: packets that are no Opus.
        concealed_ms: sound made up for what was missing, pauses not counted.
        longest_gap_ms: the longest stretch of it.
        delay_ms: how long sound waits here for slower packets.
        jitter_ms: standard deviation of the arrivals.
    """

    received: int = 0
    late: int = 0
    malformed: int = 0
    concealed_ms: float = 0.0
    longest_gap_ms: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0


class SoundPlayout:
    """Takes packets on one thread and gives blocks on another.

    Args:
        earliest: when sound of an extended timestamp may be heard at the earliest, in seconds on
            our clock, so that it does not run ahead of the picture; None for at once.
    """

    def __init__(self, earliest: Earliest = lambda _: None) -> None:
        self.statistics = SoundPlayoutStatistics()
        self._earliest = earliest
        self._lock = threading.Lock()
        self._delay = ArrivalDelay()
        self._begin_stream(None)

    def _begin_stream(self, stream: int | None) -> None:
        self._stream = stream
        self._decoder = OpusDecoder()
        self._waiting: dict[int, tuple[int, bytes]] = {}
        self._newest_sequence = self._newest_timestamp = 0
        self._delay = ArrivalDelay()
        self._next_sequence: int | None = None  # None in a pause
        self._next_timestamp = 0
        self._frame = PLAY_RATE * 60 // 1000
        self._ready = np.zeros(0, np.int16)
        self._history = np.zeros(HISTORY, np.int16)
        self._gap: Concealment | None = None
        self._heard: tuple[float, int] | None = None

    def put(self, packet: SoundPacket) -> int:
        """Take a packet in; its timestamp without the wrap at 32 bits."""
        with self._lock:
            if packet.stream != self._stream:
                self._begin_stream(packet.stream)
                self._newest_sequence, self._newest_timestamp = packet.sequence, packet.timestamp
            sequence = _unwrap(packet.sequence, self._newest_sequence, 16)
            timestamp = _unwrap(packet.timestamp, self._newest_timestamp, 32)
            self._newest_sequence = max(self._newest_sequence, sequence)
            self._newest_timestamp = max(self._newest_timestamp, timestamp)
            self._delay.add(timestamp / PLAY_RATE, packet.arrival)
            if self._next_sequence is not None and sequence < self._next_sequence:
                self.statistics.late += 1
            elif len(self._waiting) < MOST_WAITING:
                self._waiting[sequence] = timestamp, packet.payload
            self.statistics.delay_ms = self._delay.target_s * 1000
            self.statistics.jitter_ms = self._delay.jitter_s * 1000
            return timestamp

    def read(self, at: float) -> Samples:
        """The next `PLAY_BLOCK` samples.

        Args:
            at: seconds on our clock at which the first of them is heard.
        """
        with self._lock:
            while self._ready.size < PLAY_BLOCK:
                more = self._more(at + self._ready.size / PLAY_RATE)
                self._history = np.concatenate([self._history, more])[-HISTORY:]
                self._ready = np.concatenate([self._ready, more])
            block, self._ready = self._ready[:PLAY_BLOCK], self._ready[PLAY_BLOCK:]
            if self._next_sequence is not None:
                self._heard = at, self._next_timestamp - self._ready.size - PLAY_BLOCK
            return block

    def heard(self, at: float) -> int | None:
        """The extended timestamp of what is heard at a time; None in a pause."""
        with self._lock:
            if self._next_sequence is None or self._heard is None:
                return None
            return self._heard[1] + round((at - self._heard[0]) * PLAY_RATE)

    def own_due(self) -> tuple[int, float] | None:
        """Of the newest packet: its timestamp, and when it is heard if no picture is waited for."""
        with self._lock:
            if not self._delay.knows:
                return None
            timestamp = self._newest_timestamp
            return timestamp, timestamp / PLAY_RATE + self._delay.base_s + self._delay.target_s

    # Under the lock; `at` is when the next sample will be heard

    def _more(self, at: float) -> Samples:
        if self._next_sequence is None:
            return self._pause(at)
        if (waiting := self._waiting.pop(self._next_sequence, None)) is not None:
            return self._go_on(at, *waiting)
        return self._conceal()

    def _pause(self, at: float) -> Samples:
        """Silence until the first packet is due."""
        if not self._waiting:
            return np.zeros(PLAY_BLOCK, np.int16)
        first = min(self._waiting)
        early = round((self._due(self._waiting[first][0]) - at) * PLAY_RATE)
        if early > 0:
            return np.zeros(min(early, PLAY_BLOCK), np.int16)
        self._next_sequence, self._next_timestamp = first, self._waiting[first][0]
        return np.zeros(0, np.int16)

    def _go_on(self, at: float, timestamp: int, payload: bytes) -> Samples:
        assert self._next_sequence is not None  # noqa: S101 (playing)
        if timestamp - self._next_timestamp > PAUSE:
            self._waiting[self._next_sequence] = timestamp, payload
            self._next_sequence = self._gap = None
            return np.zeros(0, np.int16)
        try:
            sound = self._decoder.decode(payload)
        except ValueError:
            self.statistics.malformed += 1
            return self._conceal_frame()
        self._next_sequence += 1
        self._next_timestamp = timestamp + sound.size
        self._frame = sound.size
        self.statistics.received += 1
        if self._gap is not None:
            sound, self._gap = self._gap.blend(sound), None
        return self._adjusted(sound, at - self._due(timestamp))

    def _adjusted(self, sound: Samples, behind_s: float) -> Samples:
        """Catch up by whole pitch periods, or fall back by drawing out what was heard last."""
        if behind_s > FAR_LONG_S:
            return np.zeros(0, np.int16)
        step = round(min(abs(behind_s), LONGEST_STRETCH_S) * PLAY_RATE)
        if behind_s > LONG_S:
            return Concealment(self._history).shorten(sound, step)
        if behind_s < -SHORT_S:
            drawn_out = Concealment(self._history)
            return np.concatenate([drawn_out.make(step), drawn_out.blend(sound)])
        return sound

    def _conceal(self) -> Samples:
        """The packet whose turn it is has not come."""
        assert self._next_sequence is not None  # noqa: S101 (playing)
        if self._waiting:  # later ones have: it is lost
            following = min(self._waiting)
            missing = self._waiting[following][0] - self._next_timestamp
            if missing > LONGEST_CONCEALED or following < self._next_sequence:
                self._next_sequence = self._gap = None
                return np.zeros(0, np.int16)
            return self._conceal_frame()
        if self._gap is not None and self._gap.samples >= FADED_SAMPLES:
            self._next_sequence = self._gap = None  # a pause of the speaker, or of the network
            return np.zeros(0, np.int16)
        return self._substitute(PLAY_BLOCK)

    def _conceal_frame(self) -> Samples:
        assert self._next_sequence is not None  # noqa: S101 (playing)
        self._next_sequence += 1
        # What was concealed while nothing was there counts for this frame.
        length = max(self._frame - (self._gap.samples % self._frame if self._gap else 0), 1)
        self._next_timestamp += self._frame
        return self._substitute(length)

    def _substitute(self, length: int) -> Samples:
        if self._gap is None:
            self._gap = Concealment(self._history)
        made = self._gap.make(length)
        gap_ms = self._gap.samples * 1000 / PLAY_RATE
        if level_dbfs(self._history) >= SOFT_DBFS:
            self.statistics.concealed_ms += length * 1000 / PLAY_RATE
            self.statistics.longest_gap_ms = max(self.statistics.longest_gap_ms, gap_ms)
        return made

    def _due(self, timestamp: int) -> float:
        due = timestamp / PLAY_RATE + self._delay.base_s + self._delay.target_s
        earliest = self._earliest(timestamp)
        return due if earliest is None else max(due, earliest)


def _unwrap(value: int, newest: int, bits: int) -> int:
    """The number nearest to the newest that ends in these bits (RFC 3550 appendix A.1)."""
    span = 1 << bits
    return newest + (value - newest + span // 2) % span - span // 2
