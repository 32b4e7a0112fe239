"""How the networks run on this machine: chosen from what it has and a short measurement."""

import functools
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F

# What is measured: a layer like the generator's, 75 MFLOP, so that even a processor that only
# imitates a type is done within half a second.
CHANNELS, SIDE = 64, 32
RUNS = 12
WORTH_IT = 1.15  # how much faster a shorter type must be; repeated measurements differ by less


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Device and number type of the networks, and why.

    Attributes:
        device: where they run.
        dtype: of convolutions; coordinates, samples and pictures are always fp32.
        reason: a sentence for a person.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str

    @property
    def precision(self) -> str:
        """The type as people write it: fp32, bf16, fp16."""
        return {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}[self.dtype]


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
        half = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        name = torch.cuda.get_device_name(place)
        return EnginePlan(place, half, f"a GPU is here ({name})")
    if not _has_bf16():
        return EnginePlan(place, torch.float32, "the CPU has neither AMX nor AVX512-BF16")
    gain = layer_seconds(torch.float32) / layer_seconds(torch.bfloat16)
    kind = "AMX" if torch.cpu.get_capabilities().get("amx_bf16") else "AVX512-BF16"
    measured = f"the CPU has {kind}, and a layer in bf16 takes 1/{gain:.1f} of its time in fp32"
    if gain >= WORTH_IT:
        return EnginePlan(place, torch.bfloat16, measured)
    return EnginePlan(place, torch.float32, f"{measured}: not worth its rounding")


def _has_bf16() -> bool:
    has = torch.cpu.get_capabilities()
    return bool(has.get("amx_bf16") or has.get("avx512_bf16"))


@torch.inference_mode()
def layer_seconds(dtype: torch.dtype) -> float:
    """Least time of a 3x3 convolution 64 -> 64 on 32x32, channels last, on the CPU."""
    layout = torch.channels_last
    x = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=dtype).contiguous(memory_format=layout)
    weight = torch.ones(CHANNELS, CHANNELS, 3, 3, dtype=dtype).contiguous(memory_format=layout)
    durations = []
    for _ in range(RUNS):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        durations.append(time.perf_counter() - start)
    return min(durations)  # whatever else the machine does only adds
