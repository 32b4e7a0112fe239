"""How the networks run on this machine: chosen from what it has and a short measurement."""

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from models.engine_convolution import Convolution
from models.engine_precision import FP32, Precision
from models.engine_quantised import QuantisedConvolution, runs_here

# What is measured: the layer that the generator has most of. A smaller one would gain less by
# bytes, since making them weighs more there.
CHANNELS, SIDE = 160, 32
LEAST_RUNS = 12
LEAST_SECONDS = 0.1  # some systems count processor time in steps of 16 ms
BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}  # by torch's name of it
WORTH_IT = 1.15  # how much faster a shorter type must be; repeated measurements differ by less

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Device and precision of the networks, and why.

    Attributes:
        device: where they run.
        precision: of convolutions (quantised: those of M and G alone); coordinates, samples and
            pictures are always fp32.
        reason: a sentence for a person.
        compiled: OpenVINO runs H and Δ, M and G in place of torch. What is not quantised of M and
            G is in fp32 then, whatever the precision of H and Δ.
    """

    device: torch.device
    precision: Precision
    reason: str
    compiled: bool = False

    @property
    def runtime(self) -> str:
        """What runs the networks."""
        return "OpenVINO" if self.compiled else "torch"


def choose_plan(device: str | None = None, *, compiles: bool = False) -> EnginePlan:
    """The fastest way that keeps the quality; measured once a process.

    Args:
        device: as torch names it; None for the GPU where there is one.
        compiles: OpenVINO can run the model on a CPU, see `models.compiled`.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return _chosen(device, compiles=compiles)


def reproducible_plan() -> EnginePlan:
    """fp32, whatever is fastest: the same numbers in each process, for labels and figures."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return EnginePlan(device, FP32, "the same numbers in each process")


@functools.cache
def _chosen(device: str, *, compiles: bool) -> EnginePlan:
    place = torch.device(device)
    if place.type == "cuda":
        # bf16 has the range of fp32; in fp16 networks of this kind have gone black
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        half = torch.bfloat16 if fast else torch.float16
        name = torch.cuda.get_device_name(place)
        return EnginePlan(place, Precision(half), f"a GPU is here ({name})")
    if compiles:
        try:
            plan = _on_cpu(place, compiled=True)
        except (ImportError, OSError, RuntimeError) as error:  # a library that does not load, say
            logger.warning("OpenVINO does not run here: %s", str(error).partition("\n")[0])
        else:
            if plan.precision.quantised:
                return plan
        return _chosen(device, compiles=False)
    return _on_cpu(place, compiled=False)


def _on_cpu(place: torch.device, *, compiled: bool) -> EnginePlan:
    has = torch.cpu.get_capabilities()
    kind = next((BFLOAT16[name] for name in BFLOAT16 if has.get(name)), None)
    best, seconds = FP32, {FP32: layer_seconds(FP32, compiled=compiled)}
    half = Precision(torch.bfloat16)
    if kind is not None and _is_worth_it(half, FP32, seconds, compiled=compiled):
        best = half
    # OpenVINO would compute coordinates in bf16 too, so there M and G are in int8 or fp32
    levels, other = Precision(best.dtype, quantised=True), FP32 if compiled else best
    if (compiled or runs_here()) and _is_worth_it(levels, other, seconds, compiled=compiled):
        best = levels
    why = f"the CPU has {kind or 'neither AMX nor AVX512-BF16'}"
    shares = [f"1/{seconds[FP32] / taken:.1f} in {one}" for one, taken in seconds.items()][1:]
    if not shares:
        why += ", nor convolutions in int8"
    else:
        runtime = "by OpenVINO " if compiled else ""
        why += f", and {runtime}a layer takes {' and '.join(shares)} of its time in fp32"
        if best == FP32:
            why += ": not worth the rounding"
    return EnginePlan(place, best, why, compiled)


def _is_worth_it(
    precision: Precision, other: Precision, seconds: dict[Precision, float], *, compiled: bool
) -> bool:
    """Whether a precision runs here and is so much faster than another; its time is noted."""
    try:
        seconds[precision] = layer_seconds(precision, compiled=compiled)
    except RuntimeError:
        if not compiled:
            raise
        return False  # OpenVINO was told of fewer instructions than the processor has
    return seconds[other] / seconds[precision] >= WORTH_IT


@torch.inference_mode()
def layer_seconds(precision: Precision, *, compiled: bool) -> float:
    """Processor time of a 3x3 convolution 160 -> 160 on 32x32.

    All threads' time together: what else the machine does hardly changes it.
    """
    run = _compiled_layer(precision) if compiled else _layer(precision)
    run()  # puts its weights in order
    began, runs, used = time.process_time(), 0, 0.0
    while runs < LEAST_RUNS or used < LEAST_SECONDS:
        run()
        runs, used = runs + 1, time.process_time() - began
    return used / runs


def _layer(precision: Precision) -> Callable[[], object]:
    """By torch, channels last."""
    dtype, layout = precision.dtype, torch.channels_last
    weight, bias = torch.ones(CHANNELS, CHANNELS, 3, 3), torch.ones(CHANNELS)
    kind = QuantisedConvolution if precision.quantised else Convolution
    layer = kind(weight, bias, dtype, stride=(1, 1), padding=(1, 1))
    x = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=dtype).contiguous(memory_format=layout)
    return functools.partial(layer, x)


def _compiled_layer(precision: Precision) -> Callable[[], object]:
    from models.compiled.lone_layer import lone_layer  # noqa: PLC0415 (not everywhere)

    bf16 = precision.dtype is torch.bfloat16 and not precision.quantised
    graph = lone_layer(CHANNELS, SIDE, quantised=precision.quantised, bf16=bf16)
    x = np.ones((1, CHANNELS, SIDE, SIDE), dtype=np.float32)
    return functools.partial(graph, x)
