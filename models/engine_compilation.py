"""Compilation on a GPU, with a way back where it does not work."""

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

logger = logging.getLogger(__name__)


class GraphedOnGpu:
    """A function compiled and recorded as a CUDA graph; on a CPU, the function itself.

    The hundred small kernels of a frame take longer to launch one by one than to run; a graph is
    launched at once. The compiler needs a C compiler and Triton; the first call finds out, and
    what fails there runs uncompiled from then on. On a CPU the convolutions are most of the time,
    and compiling at each start is not worth the rest.

    Args:
        function: whose result is used before the next call.
        device: where it runs.
    """

    def __init__(self, function: Callable[..., Tensor], device: torch.device) -> None:
        self._plain = function
        self._run = function
        if device.type == "cuda":
            self._run = torch.compile(function, mode="reduce-overhead", dynamic=False)

    def __call__(self, *arguments: Any) -> Tensor:
        """The function's result."""
        if self._run is self._plain:
            return self._plain(*arguments)
        try:
            return self._run(*arguments)
        except Exception as error:  # a compiler fails in many ways, all of them optional
            logger.warning("the networks run uncompiled: %s", str(error).partition("\n")[0])
            self._run = self._plain
            return self._plain(*arguments)
