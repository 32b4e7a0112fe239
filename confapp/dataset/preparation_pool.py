"""Videos prepared by several processes at once."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import torch

from confapp.dataset.head_pose_label import open_labeller
from confapp.dataset.video_file import VideoFile
from confapp.dataset.video_preparation import PreparedVideo, VideoPreparation
from confapp.errors import ConfappError
from confapp.media.face_detector import FaceDetector

AHEAD = 2  # videos a process that may be done before the one whose turn it is


@dataclass(frozen=True, slots=True)
class PreparationRecipe:
    """How videos are prepared: what a process needs to make its `VideoPreparation`.

    Attributes:
        view_side: of the pictures, pixels.
        fps: most frames a second.
        landmarks: the landmark network, or None.
        model: labels head poses where there is no landmark network.
    """

    view_side: int
    fps: float
    landmarks: Path | None
    model: str

    def start(self, stopped: Callable[[], bool] = lambda: False) -> VideoPreparation:
        """Load the networks.

        Raises:
            ConfappError: as `open_labeller`.
        """
        labeller = open_labeller(self.landmarks, self.model)
        return VideoPreparation(FaceDetector(), labeller, self.view_side, self.fps, stopped)


def prepare_videos(
    videos: Sequence[VideoFile], recipe: PreparationRecipe, processes: int
) -> Generator[PreparedVideo, None, None]:
    """The videos one after the other, in their order; one process works in this one.

    Several keep the clips of a few finished videos in memory, 3 MB a minute of video at 256.
    Closing the generator ends the processes at their next look.

    Raises:
        ConfappError: as `PreparationRecipe.start`; `worker-died` where a process ended by itself.
    """
    if processes == 1:
        yield from map(recipe.start().prepare, videos)
        return
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads half
    stop = context.Event()
    waiting: deque[Future[PreparedVideo]] = deque()
    with ProcessPoolExecutor(processes, context, _begin, (recipe, stop)) as pool:
        try:
            for video in videos:
                waiting.append(pool.submit(_prepare, video))
                if len(waiting) >= AHEAD * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ConfappError(
                "worker-died",
                "A process ended by itself, most likely for lack of memory; try fewer --processes.",
            ) from error
        finally:
            stop.set()
            for future in waiting:
                future.cancel()


_preparation: VideoPreparation | None = None  # of this worker process


def _begin(recipe: PreparationRecipe, stop: Event) -> None:
    global _preparation  # noqa: PLW0603 - a pool's processes have no other place for it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process tells us
    torch.set_num_threads(1)
    _preparation = recipe.start(stop.is_set)


def _prepare(video: VideoFile) -> PreparedVideo:
    if _preparation is None:
        raise RuntimeError("the process was not begun")
    return _preparation.prepare(video)
