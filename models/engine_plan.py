"""How the networks run on this machine: chosen from what it has and a short measurement."""

import functools
import time
from dataclasses import dataclass

import torch

from models.engine_convolution import Convolution
from models.engine_quantised import QuantisedConvolution, between, runs_here

# What is measured: a layer like the generator's, 75 MFLOP, so that even a processor that only
# imitates a type is done within half a second.
CHANNELS, SIDE = 64, 32
LEAST_RUNS = 12
LEAST_SECONDS = 0.1  # some systems count processor time in steps of 16 ms
PRECISIONS = {
    torch.float32: "fp32",
    torch.bfloat16: "bf16",
    torch.float16: "fp16",
    torch.int8: "int8",
}
BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}  # by torch's name of it
WORTH_IT = 1.15  # how much faster a shorter type must be; repeated measurements differ by less


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Device and number type of the networks, and why.

    Attributes:
        device: where they run.
        dtype: of convolutions (int8: of those of M and G that gain by it, the others are fp32);
            coordinates, samples and pictures are always fp32.
        reason: a sentence for a person.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str

    @property
    def precision(self) -> str:
        """The type as people write it: fp32, bf16, fp16, int8."""
        return PRECISIONS[self.dtype]


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
    return EnginePlan(device, torch.float32, "the same numbers in each process")


@functools.cache
def _chosen(device: str) -> EnginePlan:
    place = torch.device(device)
    if place.type == "cuda":
        # bf16 has the range of fp32; in fp16 networks of this kind have gone black
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        half = torch.bfloat16 if fast else torch.float16
        name = torch.cuda.get_device_name(place)
        return EnginePlan(place, half, f"a GPU is here ({name})")
    has = torch.cpu.get_capabilities()
    if kind := next((BFLOAT16[name] for name in BFLOAT16 if has.get(name)), None):
        short, why = torch.bfloat16, f"the CPU has {kind}"
    else:
        short, why = torch.int8, "the CPU has neither AMX nor AVX512-BF16"
        if not runs_here():
            return EnginePlan(place, torch.float32, f"{why}, nor convolutions in int8")
    gain = layer_seconds(torch.float32) / layer_seconds(short)
    why += f", and a layer in {PRECISIONS[short]} takes 1/{gain:.1f} of its time in fp32"
    if gain >= WORTH_IT:
        return EnginePlan(place, short, why)
    return EnginePlan(place, torch.float32, f"{why}: not worth its rounding")


@torch.inference_mode()
def layer_seconds(dtype: torch.dtype) -> float:
    """Processor time of a 3x3 convolution 64 -> 64 on 32x32, channels last.

    All threads' time together: what else the machine does hardly changes it.
    """
    layout = torch.channels_last
    weight, bias = torch.ones(CHANNELS, CHANNELS, 3, 3), torch.ones(CHANNELS)
    layer = (
        QuantisedConvolution(weight, bias, stride=(1, 1), padding=(1, 1))
        if dtype is torch.int8
        else Convolution(weight, bias, dtype, stride=(1, 1), padding=(1, 1))
    )
    x = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=between(dtype)).contiguous(memory_format=layout)
    layer(x)  # puts its weights in order
    began, runs, used = time.process_time(), 0, 0.0
    while runs < LEAST_RUNS or used < LEAST_SECONDS:
        layer(x)
        runs, used = runs + 1, time.process_time() - began
    return used / runs
