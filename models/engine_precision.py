"""Which numbers convolutions compute in."""

from dataclasses import dataclass

import torch

NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


@dataclass(frozen=True, slots=True)
class Precision:
    """Number types of convolutions.

    Attributes:
        dtype: what they take, give and compute in.
        quantised: those of planes that gain by it multiply bytes instead.
    """

    dtype: torch.dtype
    quantised: bool = False

    def __str__(self) -> str:
        """As people write it: fp32, bf16, fp16, or int8/bf16 for bytes here and bf16 there."""
        name = NAMES[self.dtype]
        return f"int8/{name}" if self.quantised else name


FP32 = Precision(torch.float32)
