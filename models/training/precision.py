"""Which arithmetic a machine trains fastest in."""

from contextlib import AbstractContextManager, nullcontext

import torch

# CPU capabilities with fast bfloat16 convolutions; without them fp32 is faster.
BFLOAT16_CAPABILITIES = ("amx_bf16", "avx512_bf16")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether convolutions in bfloat16 are worth it on a device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in BFLOAT16_CAPABILITIES)


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """Convolutions in bfloat16 where that is fast; elsewhere everything stays fp32."""
    if not has_fast_bfloat16(device):
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)
