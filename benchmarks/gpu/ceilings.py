"""What the card itself reaches: bytes moved and operations of a matrix product."""

from dataclasses import dataclass

import torch

from benchmarks.gpu.device_time import timed

GIGA, TERA = 1e9, 1e12
MS_A_SECOND = 1000
COPY_BYTES = {"cuda": 2**30, "cpu": 2**26}  # beyond any cache
MATRIX_SIDE = {"cuda": 8192, "cpu": 512}
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The best of some repetitions.

    Attributes:
        gb_per_s: read and written by a copy within the memory, 10^9 bytes a second.
        tflops: of a square matrix product, by type, 10^12 operations a second.
    """

    gb_per_s: float
    tflops: dict[str, float]


def ceilings(device: torch.device, seconds: float) -> Ceilings:
    """Measure each for about so long. fp32 is fp32, without TF32."""
    source = torch.ones(COPY_BYTES[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best = timed(lambda: target.copy_(source), device, seconds)["ms_best"]
    bandwidth = 2 * source.numel() / GIGA / best * MS_A_SECOND
    rates = {name: _tflops(device, dtype, seconds) for name, dtype in TYPES.items()}
    return Ceilings(round(bandwidth, 6), rates)


def _tflops(device: torch.device, dtype: torch.dtype, seconds: float) -> float:
    side = MATRIX_SIDE[device.type]
    # Random numbers: a card draws less power, and clocks higher, on constant ones.
    one, other = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best = timed(lambda: torch.mm(one, other), device, seconds)["ms_best"]
    return round(2 * side**3 / TERA / best * MS_A_SECOND, 6)
