"""A graph of OpenVINO operators, ready to run."""

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from openvino import opset15 as ops

Node = Any  # an operator's result; openvino has no types
Array = NDArray[Any]

# Never dropped: it gives the thread that compiles first a stack to handle signals on, which goes
# with the last graph of a Core, and the next Ctrl-C would be handled on memory that is gone.
_core = openvino.Core()


class Parameters:
    """The inputs of a graph that is being made, in the order in which it is called with them."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, *shape: int, dtype: type[np.generic] = np.float32) -> Node:
        """One more input."""
        node = ops.parameter(list(shape), dtype)
        self.nodes.append(node)
        return node


class CompiledGraph:
    """Results and the operators that lead to them, all at once and without Python's lock.

    It is compiled, and takes all of its memory, when it is made `ready` or called. Any thread may
    call it; one at a time runs.

    Args:
        results: what it computes.
        parameters: what it is called with.
        bf16: compute in bfloat16 where the processor does so in fewer instructions.
    """

    def __init__(
        self, results: Sequence[Node], parameters: Parameters, *, bf16: bool = False
    ) -> None:
        ends = [ops.result(one) for one in results]
        self._model = openvino.Model(ends, parameters.nodes, "graph")
        self._precision = "bf16" if bf16 else "f32"
        self._count = len(ends)
        self._lock = threading.Lock()

    def ready(self) -> Self:
        """Compile now.

        Raises:
            RuntimeError: OpenVINO cannot run it here.
        """
        with self._lock:
            self._request  # noqa: B018
        return self

    def __call__(self, *inputs: Array) -> tuple[Array, ...]:
        """Arrays of the parameters' types and shapes, in C order -> the results."""
        with self._lock:
            for index, array in enumerate(inputs):
                tensor = openvino.Tensor(array, shared_memory=True)
                self._request.set_input_tensor(index, tensor)
            self._request.infer()
            results = (self._request.get_output_tensor(index) for index in range(self._count))
            return tuple(cast(Array, result.data.copy()) for result in results)

    @functools.cached_property
    def _request(self) -> openvino.InferRequest:
        settings: Mapping[str, Any] = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # two processes would take the same cores
        }
        compiled = _core.compile_model(self._model, "CPU", settings)
        del self._model  # it has a copy of its own
        return compiled.create_infer_request()
