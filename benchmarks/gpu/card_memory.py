"""The card's memory over many frames and over changes of source."""

from dataclasses import dataclass

import torch

from benchmarks.gpu.renderings import EngineScene

MIB = 2**20
SETTLING_FRAMES = 50
FRAMES = 2000
SOURCES = 20


@dataclass(frozen=True, slots=True)
class CardMemory:
    """In MiB, before and after.

    Attributes:
        frames, sources: how many came between.
        frames_allocated, sources_allocated: by tensors of this process.
        frames_used, sources_used: of the whole card, graphs and libraries included.
    """

    frames: int
    frames_allocated: tuple[float, float]
    frames_used: tuple[float, float]
    sources: int
    sources_allocated: tuple[float, float]
    sources_used: tuple[float, float]


def card_memory(scene: EngineScene, frames: int = FRAMES, sources: int = SOURCES) -> CardMemory:
    """Render frames; then take one source after the other, each in the place of the last."""
    head, motion = scene.head, scene.head.encode_motion(scene.frame)
    for _ in range(SETTLING_FRAMES):
        head.render(scene.appearance, motion)
    readings = [_reading(head.plan.device)]
    for _ in range(frames):
        head.render(scene.appearance, motion)
    readings.append(_reading(head.plan.device))
    for number in range(sources + 1):
        if number == 1:  # beside the scene's own there is one more from here on
            readings.append(_reading(head.plan.device))
        appearance = head.encode_source(scene.photo)
        head.render(appearance, motion)
    readings.append(_reading(head.plan.device))
    (a, b, c, d), (e, f, g, h) = zip(*readings, strict=True)
    return CardMemory(frames, (a, b), (e, f), sources, (c, d), (g, h))


def _reading(device: torch.device) -> tuple[float, float]:
    """MiB of tensors, and used of the card; what torch only keeps for later is given back."""
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    free, whole = torch.cuda.mem_get_info(device)
    allocated = torch.cuda.memory_allocated(device)
    return round(allocated / MIB, 1), round((whole - free) / MIB, 1)
