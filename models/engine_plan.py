"""How the networks run on this machine: chosen from what it has and a short measurement."""

import functools
import time
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Device and precision of the networks, and why.

    Attributes:
        device: where they run.
        precision: of convolutions (quantised: those of M and G alone); coordinates, samples and
            pictures are always fp32.
        reason: a sentence for a person.
    """

    device: torch.device
    precision: Precision
    reason: str


def choose_plan(device: str | None = None) -> EnginePlan:
    """The fastest way that keeps the quality; measured once a process.

    Args:
        device: as torch names it; None for the GPU where there is one.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return _chosen(device)


def reproducible_plan() -> EnginePlan:
    """fp32, whatever is fastest: the same numbers in each process, for labels and figures."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return EnginePlan(device, FP32, "the same numbers in each process")


@functools.cache
def _chosen(device: str) -> EnginePlan:
    place = torch.device(device)
    if place.type == "cuda":
        # bf16 has the range of fp32; in fp16 networks of this kind have gone black
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        half = torch.bfloat16 if fast else torch.float16
        name = torch.cuda.get_device_name(place)
        return EnginePlan(place, Precision(half), f"a GPU is here ({name})")
    return EnginePlan(place, *_fastest_on_cpu())


def _fastest_on_cpu() -> tuple[Precision, str]:
    """The precision and why it is taken."""
    has = torch.cpu.get_capabilities()
    kind = next((BFLOAT16[name] for name in BFLOAT16 if has.get(name)), None)
    best, seconds = FP32, {FP32: layer_seconds(FP32)}
    if kind is not None:
        best = _faster(best, Precision(torch.bfloat16), seconds)
    if runs_here():
        best = _faster(best, Precision(best.dtype, quantised=True), seconds)
    why = f"the CPU has {kind or 'neither AMX nor AVX512-BF16'}"
    shares = [f"1/{seconds[FP32] / taken:.1f} in {one}" for one, taken in seconds.items()][1:]
    if not shares:
        return best, f"{why}, nor convolutions in int8"
    why += f", and of its time in fp32 a layer takes {' and '.join(shares)}"
    return best, f"{why}: not worth the rounding" if best == FP32 else why


def _faster(best: Precision, other: Precision, seconds: dict[Precision, float]) -> Precision:
    """The other one if it is worth it; its time is noted."""
    seconds[other] = layer_seconds(other)
    return other if seconds[best] / seconds[other] >= WORTH_IT else best


@torch.inference_mode()
def layer_seconds(precision: Precision) -> float:
    """Processor time of a 3x3 convolution 160 -> 160 on 32x32, channels last.

    All threads' time together: what else the machine does hardly changes it.
    """
    dtype, layout = precision.dtype, torch.channels_last
    weight, bias = torch.ones(CHANNELS, CHANNELS, 3, 3), torch.ones(CHANNELS)
    kind = QuantisedConvolution if precision.quantised else Convolution
    layer = kind(weight, bias, dtype, stride=(1, 1), padding=(1, 1))
    x = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=dtype).contiguous(memory_format=layout)
    layer(x)  # puts its weights in order
    began, runs, used = time.process_time(), 0, 0.0
    while runs < LEAST_RUNS or used < LEAST_SECONDS:
        layer(x)
        runs, used = runs + 1, time.process_time() - began
    return used / runs
