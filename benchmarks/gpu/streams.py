"""Many sources on one card: frames a second in total, and how long a frame waits for its turn."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.gpu.device_time import finish, timed
from benchmarks.gpu.renderings import EngineScene
from models.engine_graph import Direct, Graphed, page_locked

CALL_FPS = 25
MS_A_SECOND = 1000
COUNTS = (1, 4, 16, 64, 256)
WORTH_IT = 1.05  # more sources than this gains are not tried further
MOST_SECONDS = 5.0  # for making the sources of one model


@dataclass(frozen=True, slots=True)
class Streams:
    """So many sources, a frame of each in a round.

    Attributes:
        count: of sources, each with features, graph and memory of its own.
        fps: frames a second of all together, as uint8 on the CPU.
        ms_p50, ms_p95: a round: how long a frame takes when all are wanted at once.
        calls: how many of 25 frames a second that is.
        allocated_mib: on the card.
    """

    count: int
    fps: float
    ms_p50: float
    ms_p95: float
    calls: int
    allocated_mib: float


def streams_of(count: int, ms_p50: float, ms_p95: float, allocated: int) -> Streams:
    """Figures of rounds of so many frames."""
    fps = count * MS_A_SECOND / ms_p50
    calls = int(fps // CALL_FPS)
    return Streams(count, round(fps, 1), ms_p50, ms_p95, calls, round(allocated / 2**20, 1))


def grown(
    measure: Callable[[int], Streams | None], counts: Sequence[int] = COUNTS
) -> Iterator[Streams]:
    """More and more sources, until another step gains nothing.

    Args:
        measure: a number of sources; None where so many cannot be had.
    """
    best = 0.0
    for count in counts:
        streams = measure(count)
        if streams is None:
            return
        yield streams
        if streams.fps < best * WORTH_IT:
            return
        best = streams.fps


class Crowd:
    """Sources of one scene, each made on its own.

    Args:
        seconds: for each measurement.
        clock: seconds.
    """

    def __init__(
        self, scene: EngineScene, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scene, self._seconds, self._clock = scene, seconds, clock
        self._end = clock() + MOST_SECONDS
        self._keypoints = scene.keypoints()
        self._sources: list[Direct] = []
        self._landings: list[Tensor] = []

    @torch.inference_mode()
    def measure(self, count: int) -> Streams | None:
        """Rounds of so many frames; None where time or the card's memory ends before."""
        device = self._scene.head.plan.device
        try:
            while len(self._sources) < count:
                if self._clock() > self._end:
                    return None
                self._add()
            times = timed(self._round, device, self._seconds)
        except torch.OutOfMemoryError:
            return None
        allocated = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
        return streams_of(count, times["ms_p50"], times["ms_p95"], allocated)

    def _add(self) -> None:
        scene = self._scene
        source = scene.head.encode_source(scene.photo).prepared.rendered
        if type(source) is not type(scene.appearance.prepared.rendered):
            raise torch.OutOfMemoryError("there is no room for another graph")
        self._sources.append(source)
        picture = source(*self._keypoints)
        self._landings.append(page_locked(picture) if isinstance(source, Graphed) else picture)

    def _round(self) -> None:
        """Start all, on streams of their own where there are graphs; then wait for all."""
        for source, landing in zip(self._sources, self._landings, strict=True):
            picture = source.launch(*self._keypoints)
            if isinstance(source, Graphed):
                with torch.cuda.stream(source.stream):
                    landing.copy_(picture, non_blocking=True)
            else:
                landing.copy_(picture)
        finish(self._scene.head.plan.device)
