"""Pictures on their way to the page: the newest one wins, and the page says which it has shown."""

import asyncio
import struct
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum

import cv2
import numpy as np

from confapp.media.video_frame import RgbImage

HEADER = struct.Struct("<BII")  # kind, sequence, capture time in ms (modulo 2**32)
RECEIPT = struct.Struct("<BI")  # kind, sequence
WRAP = 1 << 32
JPEG_QUALITY = 90
IN_FLIGHT = 2  # of each kind: one is decoded by the page while the next is on its way
DELAYS_KEPT = 600  # 20 s at 30 a second


class PictureKind(IntEnum):
    """What a picture is of; the page has a canvas for each."""

    REMOTE = 1
    CAMERA = 2
    PREVIEW = 3
    H264 = 4
    OWN_PHOTO = 5
    PEER_PHOTO = 6


@dataclass(slots=True)
class LaneStatistics:
    """Pictures of one kind.

    Attributes:
        offered: by the program, while a tab was there.
        shown: that the page says it has drawn.
        delays_s: offered to receipt, of the last ones: what the page adds, and the way back.
    """

    offered: int = 0
    shown: int = 0
    delays_s: deque[float] = field(default_factory=lambda: deque(maxlen=DELAYS_KEPT))

    def delay_ms(self, percent: float) -> float | None:
        """A percentile of the delays in milliseconds; None before the first."""
        return (
            round(float(np.percentile(self.delays_s, percent)) * 1000, 1) if self.delays_s else None
        )


@dataclass(slots=True)
class _Waiting:
    picture: RgbImage | bytes  # bytes: coded already
    timestamp_ms: int
    offered_s: float


@dataclass(slots=True)
class _Lane:
    last: _Waiting | None = None
    waits: bool = False
    sequence: int = 0
    in_flight: dict[int, float] = field(default_factory=dict)
    statistics: LaneStatistics = field(default_factory=LaneStatistics)


class PictureStream:
    """A slot for each kind of picture, emptied into messages for the tab that is attached.

    Pictures may be offered from any thread. Everything else belongs to the event loop that it was
    made on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._lanes = {kind: _Lane() for kind in PictureKind}
        self._lock = threading.Lock()
        self._changed = asyncio.Event()
        self._attached = False
        self._coder = ThreadPoolExecutor(1, thread_name_prefix="page-pictures")

    def close(self) -> None:
        """Let the coder's thread go."""
        self._coder.shutdown()

    def offer(self, kind: PictureKind, rgb: RgbImage, timestamp_ms: int = 0) -> None:
        """An (H, W, 3) uint8 picture that is not written to any more; replaces one that waits."""
        self._offer(kind, _Waiting(rgb, timestamp_ms, self._clock()))

    def offer_still(self, kind: PictureKind, coded: bytes) -> None:
        """A picture file as it is, which the browser decodes."""
        self._offer(kind, _Waiting(coded, 0, self._clock()))

    def forget(self, kind: PictureKind) -> None:
        """Do not show this again to a new tab: it is of a call that is over."""
        with self._lock:
            self._lanes[kind].last = None
            self._lanes[kind].waits = False

    def statistics(self, kind: PictureKind) -> LaneStatistics:
        """Live counters."""
        return self._lanes[kind].statistics

    async def messages(self) -> AsyncIterator[bytes]:
        """For a new tab, header and picture file, beginning with the last picture of each kind."""
        with self._lock:
            for lane in self._lanes.values():
                lane.in_flight.clear()
                lane.waits = lane.last is not None
                if lane.last is not None:
                    lane.last.offered_s = self._clock()
            self._attached = True
        try:
            while True:
                self._changed.clear()
                taken = self._take()
                if taken is None:
                    await self._changed.wait()
                    continue
                kind, sequence, waiting = taken
                picture = waiting.picture
                if isinstance(picture, bytes):
                    coded = picture
                else:
                    coded = await self._loop.run_in_executor(self._coder, _jpeg, picture)
                yield HEADER.pack(kind, sequence, waiting.timestamp_ms % WRAP) + coded
        finally:
            self._attached = False

    def on_receipt(self, message: bytes) -> None:
        """The page has drawn a picture.

        Raises:
            ValueError: not the receipt of a picture on its way.
        """
        if len(message) != RECEIPT.size:
            raise ValueError(f"a receipt has {RECEIPT.size} bytes")
        number, sequence = RECEIPT.unpack(message)
        lane = self._lanes[PictureKind(number)]
        with self._lock:
            offered_s = lane.in_flight.pop(sequence, None)
        if offered_s is None:
            raise ValueError("a receipt of what was never sent")
        lane.statistics.shown += 1
        lane.statistics.delays_s.append(self._clock() - offered_s)
        self._changed.set()

    def _offer(self, kind: PictureKind, waiting: _Waiting) -> None:
        with self._lock:
            lane = self._lanes[kind]
            lane.last, lane.waits = waiting, True
            lane.statistics.offered += self._attached
        self._loop.call_soon_threadsafe(self._changed.set)

    def _take(self) -> tuple[PictureKind, int, _Waiting] | None:
        """The picture to send next; the kind that was served longest ago comes first."""
        with self._lock:
            for kind in list(self._lanes):
                lane = self._lanes[kind]
                if lane.waits and lane.last is not None and len(lane.in_flight) < IN_FLIGHT:
                    lane.waits = False
                    lane.sequence = (lane.sequence + 1) % WRAP
                    lane.in_flight[lane.sequence] = lane.last.offered_s
                    self._lanes[kind] = self._lanes.pop(kind)  # to the end
                    return kind, lane.sequence, lane.last
        return None


def _jpeg(rgb: RgbImage) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    done, coded = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    if not done:
        raise ValueError(f"a picture of {rgb.shape} cannot be coded")
    return np.asarray(coded).tobytes()
