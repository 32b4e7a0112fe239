"""Functions of one frame on the engine's device; on a GPU launched at once, as a CUDA graph.

The hundred small kernels of a frame take longer to launch one by one than to run. A graph holds
them all with their memory, and needs neither a compiler nor much time to make.
"""

import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

Function = Callable[..., Tensor]

WARM_UPS = 2  # libraries choose their kernels and take their workspaces before the recording

# Recording synchronises the device, which no other recording of this process survives.
_recording = threading.Lock()


@dataclass(slots=True, eq=False)
class _Lane:
    """A stream, the graphs that run on it, and the lock that keeps others off it meanwhile."""

    device: torch.device
    stream: torch.cuda.Stream
    lock: threading.Lock = field(default_factory=threading.Lock)
    users: "weakref.WeakSet[Graphed]" = field(default_factory=weakref.WeakSet)


# Libraries keep a workspace for every stream that they have seen, 32 MiB on some cards, and torch
# hands out the same 32 streams again and again: so a stream is taken again once its graph is gone.
_lanes: dict[torch.cuda.Stream, _Lane] = {}


def _free_lane(device: torch.device) -> _Lane:
    """A lane without graphs; one that has some when torch has no other stream."""
    for lane in _lanes.values():
        if lane.device == device and not lane.users:
            return lane
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return _lanes.setdefault(stream, _Lane(device, stream))


class Direct:
    """A function run as it is, kernel by kernel.

    Args:
        function: of tensors where it runs.
        device: where that is.
    """

    def __init__(self, function: Function, device: torch.device) -> None:
        self.function = function
        self.device = device

    def __call__(self, *arguments: Tensor) -> Tensor:
        """Tensors on the CPU -> the function's result on the CPU. Any thread may call it."""
        return _landed(self.launch(*arguments))

    def launch(self, *arguments: Tensor) -> Tensor:
        """Tensors on the CPU -> the result where the function runs."""
        return self.function(*(argument.to(self.device) for argument in arguments))


class Graphed(Direct):
    """A function recorded as a CUDA graph, with memory of its own.

    Up to 32 graphs run beside one another, so that one card renders several sources at a time. All
    that a graph holds goes when it is dropped, and its stream to the next one.

    Args:
        function: whose shapes and path depend on no number of its arguments, and which moves
            nothing between the CPU and the GPU.
        device: a GPU.
        examples: arguments, on the CPU; later ones have their shapes and types.

    Attributes:
        stream: where it runs.

    Raises:
        RuntimeError: and whatever else a library says when it cannot be recorded.
    """

    @torch.inference_mode()
    def __init__(
        self, function: Function, device: torch.device, examples: Sequence[Tensor]
    ) -> None:
        super().__init__(function, device)
        self._leaving = [page_locked(example) for example in examples]
        self._arrived = [example.to(device) for example in examples]
        self._copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._graph = torch.cuda.CUDAGraph()
        with _recording:
            lane = _free_lane(device)
            self.stream, self._lock = lane.stream, lane.lock
            # What the function holds was made on the caller's stream.
            self.stream.wait_stream(torch.cuda.current_stream(device))
            # torch leaves a stream current whose recording failed: this one puts the old one back.
            with self._lock, torch.cuda.stream(self.stream):
                for _ in range(WARM_UPS):
                    function(*self._arrived)
                # Other threads go on with their own work meanwhile.
                with torch.cuda.graph(
                    self._graph, stream=self.stream, capture_error_mode="thread_local"
                ):
                    self._result = function(*self._arrived)
            lane.users.add(self)

    def __call__(self, *arguments: Tensor) -> Tensor:
        """Tensors on the CPU -> the function's result on the CPU. Any thread may call it."""
        with self._lock, torch.cuda.stream(self.stream):
            return _landed(self.launch(*arguments))

    @torch.inference_mode()
    def launch(self, *arguments: Tensor) -> Tensor:
        """Start on tensors on the CPU, and return before it has ended.

        Returns:
            the result on the GPU, for work on `stream`; the next launch overwrites it. One thread
            at a time.
        """
        self._copied.synchronize()  # of the launch before
        with torch.cuda.stream(self.stream):
            for argument, leaving, arrived in zip(
                arguments, self._leaving, self._arrived, strict=True
            ):
                leaving.copy_(argument)
                arrived.copy_(leaving, non_blocking=True)
            self._copied.record()
            self._graph.replay()
        return self._result


class GraphRecorder:
    """Makes functions ready for a device; after a failure they run without graphs.

    Args:
        device: where they run; on a CPU there is nothing to record.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._records = device.type == "cuda"

    def ready(self, function: Function, *examples: Tensor) -> Direct:
        """A function of tensors with the shapes and types of the examples, which are on the CPU."""
        if self._records:
            try:
                return Graphed(function, self._device, examples)
            except Exception as error:  # drivers and libraries fail in many ways
                # One source may find no room for its graph, and the next one enough.
                self._records = isinstance(error, torch.OutOfMemoryError)
                logger.warning(
                    "the networks run without CUDA graphs: %s", str(error).partition("\n")[0]
                )
        return Direct(function, self._device)


def page_locked(tensor: Tensor) -> Tensor:
    """Memory for such a tensor from which a GPU copies while the CPU goes on."""
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)


def _landed(result: Tensor) -> Tensor:
    """Bring a result from the GPU, on the current stream.

    It lands in page-locked memory, which needs no second copy; torch keeps that for later ones
    when this one is dropped.
    """
    if not result.is_cuda:
        return result
    landing = page_locked(result)
    landing.copy_(result, non_blocking=True)
    torch.cuda.current_stream(result.device).synchronize()
    return landing
