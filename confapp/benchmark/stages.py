"""The stages of one model, by the engine and by the networks as they are written."""

from collections.abc import Callable

import torch
from torch import Tensor

from confapp.benchmark.stage_time import StageTime, time_stage
from models.checkpoints.checkpoint import Checkpoint
from models.eager_reference import EagerReference, placed
from models.engine import Engine
from models.engine_plan import EnginePlan
from models.picture_agreement import as_image
from models.talking_head import Picture, TalkingHead

MATRIX_SIDE = 4096
GIGA = 1e9


def engine_stages(
    checkpoint: Checkpoint,
    plan: EnginePlan,
    photo: Picture,
    frame: Picture,
    seconds: float,
    *,
    trained: bool = True,
) -> list[StageTime]:
    """Whole stages as a call runs them, and M and G by themselves.

    `render` is M, warp and G with the picture as uint8 on the CPU; `encode` is H and Δ from uint8.
    """
    head = TalkingHead(checkpoint, trained=trained, plan=plan)
    appearance, motion = head.encode_source(photo), head.encode_motion(frame)
    times = [
        time_stage("source", lambda: head.encode_source(photo), seconds),
        time_stage("encode", lambda: head.encode_motion(frame), seconds),
        time_stage("render", lambda: head.render(appearance, motion), seconds),
    ]
    engine = Engine(checkpoint.networks(), plan, checkpoint.ranges)
    with torch.inference_mode():
        pixels, driver = torch.from_numpy(photo), torch.from_numpy(frame)
        canonical = engine.canonical(pixels)
        source, driving = (placed(canonical, engine.motion(seen)) for seen in (pixels, driver))
        prepared = engine.prepare(engine.appearance(pixels), source)
        field = engine.field(prepared, driving)
        for name, work in (
            ("M", lambda: engine.field(prepared, driving)),
            ("G", lambda: engine.picture(prepared, field)),
        ):
            times.append(time_stage(name, _to_its_end(work, plan.device), seconds))
    return times


def eager_stages(
    checkpoint: Checkpoint, device: torch.device, photo: Picture, frame: Picture, seconds: float
) -> list[StageTime]:
    """Plain fp32, layer by layer: H and Δ, and M, warp and G as `render`."""
    reference = EagerReference(checkpoint, device)
    image, driver = (as_image(picture).to(device) for picture in (photo, frame))
    source, motion = reference.source(image), reference.motion(driver)

    def render() -> Tensor:
        return reference.picture(source, reference.field(source, motion))

    return [
        time_stage("encode", _to_its_end(lambda: reference.motion(driver), device), seconds),
        time_stage("render", _to_its_end(render, device), seconds),
    ]


def matrix_product(dtype: torch.dtype, device: torch.device, seconds: float) -> float:
    """The machine's ceiling: GFLOP/s of a product of two 4096x4096 matrices, the best of some."""
    one = torch.ones(MATRIX_SIDE, MATRIX_SIDE, dtype=dtype, device=device)

    multiply = _to_its_end(lambda: torch.mm(one, one), device)
    best = time_stage("matrix product", multiply, seconds).ms_best
    return round(2 * MATRIX_SIDE**3 / GIGA / (best / 1000), 1)


def _to_its_end(work: Callable[[], object], device: torch.device) -> Callable[[], None]:
    """Work that is done when it returns; a GPU is only told to begin."""

    def run() -> None:
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return run
