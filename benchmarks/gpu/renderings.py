"""Ways to render one source's frames: as written, and by the engine in its variants."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.gpu.device_time import device_ms, finish, seconds_of, timed
from models.checkpoints.checkpoint import Checkpoint
from models.eager_reference import EagerReference, placed
from models.engine_convolution import Convolution
from models.engine_graph import Direct, Graphed
from models.engine_plan import EnginePlan
from models.picture_agreement import as_image, as_motion
from models.talking_head import Picture, SourceAppearance, TalkingHead

Work = Callable[[], object]
FOLLOWING_RUNS = 100


@dataclass(frozen=True, slots=True)
class Rendering:
    """One way.

    Attributes:
        to_host: one frame from its motion, as uint8 on the CPU.
        on_device: the same, left where it was made.
        encode: H and Δ from uint8 to numbers, both on the CPU.
        stream: of the frame's CUDA graph; None without graphs.
    """

    to_host: Work
    on_device: Work
    encode: Work
    stream: torch.cuda.Stream | None = None

    def times(self, device: torch.device, seconds: float) -> dict[str, Any]:
        """Milliseconds of each, measured for about so long; `device_ms` of frames in a row."""
        stages = {"to_host": self.to_host, "on_device": self.on_device, "encode": self.encode}
        with torch.inference_mode():
            figures: dict[str, Any] = {
                name: timed(work, device, seconds) for name, work in stages.items()
            }
            if device.type == "cuda":
                runs = min(FOLLOWING_RUNS, figures["on_device"]["runs"])
                figures["device_ms"] = device_ms(self.on_device, device, self.stream, runs)
        return {"cuda_graphs": self.stream is not None} | figures


@dataclass(frozen=True, slots=True, eq=False)
class EngineScene:
    """A model on the engine with one source and one frame.

    Attributes:
        source_seconds: what another source took: F, L, H, tables and recording.
    """

    head: TalkingHead
    photo: Picture
    frame: Picture
    appearance: SourceAppearance
    source_seconds: float

    @classmethod
    def of(cls, head: TalkingHead, photo: Picture, frame: Picture) -> "EngineScene":
        """The second source is timed: the first one finds the libraries asleep."""
        head.encode_source(photo)
        made: list[SourceAppearance] = []
        seconds = seconds_of(lambda: made.append(head.encode_source(photo)))
        return cls(head, photo, frame, made[0], seconds)

    def keypoints(self) -> tuple[Tensor, Tensor]:
        """What M takes of the frame."""
        motion = as_motion(self.head.encode_motion(self.frame))
        driving = placed(self.appearance.canonical, motion)
        return driving.points, driving.rotation

    def rendering(self) -> Rendering:
        """As a call runs it."""
        head, rendered = self.head, self.appearance.prepared.rendered
        motion, keypoints = head.encode_motion(self.frame), self.keypoints()
        return Rendering(
            lambda: head.render(self.appearance, motion),
            lambda: rendered.launch(*keypoints),
            lambda: head.encode_motion(self.frame),
            rendered.stream if isinstance(rendered, Graphed) else None,
        )

    def kernel_by_kernel(self) -> Rendering:
        """The same without graphs."""
        device, keypoints = self.head.plan.device, self.keypoints()
        rendered = Direct(self.appearance.prepared.rendered.function, device)
        encoded = Direct(self.head._engine.encoded.function, device)
        pixels = torch.from_numpy(self.frame)
        return Rendering(
            lambda: rendered(*keypoints),
            lambda: rendered.launch(*keypoints),
            lambda: encoded(pixels),
        )

    def searched(self) -> "EngineScene":
        """The same with cuDNN's search for the fastest kernels, while the graphs are made.

        What it finds it keeps by thread, and so it does with what it took without a search.
        """

        def search() -> EngineScene:
            torch.backends.cudnn.benchmark = True
            try:
                return EngineScene.of(self.head, self.photo, self.frame)
            finally:
                torch.backends.cudnn.benchmark = False

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(search).result()

    @property
    def has_volumes(self) -> bool:
        """M has 3-D convolutions."""
        return bool(self._volume_layers())

    def volumes_in(self, layout: torch.memory_format) -> "EngineScene":
        """The same with M's 3-D convolutions in another order of numbers.

        The head stays so, and its earlier scenes are not to be used any more.
        """
        for layer in self._volume_layers():
            layer._layout = layout
            layer._weight = layer._weight.contiguous(memory_format=layout)
        return EngineScene.of(self.head, self.photo, self.frame)

    def _volume_layers(self) -> list[Convolution]:
        field = getattr(self.head._engine._renderer, "_field", None)
        layers = field.modules() if isinstance(field, nn.Module) else ()
        convolutions = (layer for layer in layers if isinstance(layer, Convolution))
        return [layer for layer in convolutions if layer._weight.dim() == 5]

    def compiled(self) -> Callable[[], Tensor]:
        """M and G compiled by torch, left on the device; the first calls compile."""
        function = self.appearance.prepared.rendered.function

        def render(points: Tensor, rotation: Tensor) -> Tensor:
            return function(points, rotation)

        compiled = torch.compile(render, mode="reduce-overhead", dynamic=False)
        there = [part.to(self.head.plan.device) for part in self.keypoints()]

        def run() -> Tensor:
            with torch.inference_mode():
                result: Tensor = compiled(*there)
            return result

        return run


def engine_scene(
    checkpoint: Checkpoint, plan: EnginePlan, photo: Picture, frame: Picture
) -> EngineScene:
    """A model on the engine."""
    return EngineScene.of(TalkingHead(checkpoint, trained=True, plan=plan), photo, frame)


def as_written(
    reference: EagerReference,
    device: torch.device,
    photo: Picture,
    frame: Picture,
    dtype: torch.dtype = torch.float32,
) -> Rendering:
    """Layer by layer in fp32, or under torch's autocast to a shorter type.

    Autocast is what half precision means for networks that compute coordinates: as whole-model
    halves they do not run.
    """
    shorter = dtype is not torch.float32

    def on_device() -> Tensor:
        with torch.autocast(device.type, dtype, enabled=shorter):
            picture = reference.picture(source, reference.field(source, motion))
        return (picture[0].permute(1, 2, 0) * 255).round_().to(torch.uint8)

    def encode() -> list[Tensor]:
        pixels = torch.from_numpy(frame).to(device)
        with torch.autocast(device.type, dtype, enabled=shorter):
            seen = reference.motion(pixels.permute(2, 0, 1)[None].float() / 255)
        return [part.cpu() for part in (seen.angles, seen.translation, seen.deformations)]

    with torch.autocast(device.type, dtype, enabled=shorter):
        source = reference.source(as_image(photo).to(device))
        motion = reference.motion(as_image(frame).to(device))
    finish(device)
    return Rendering(lambda: on_device().cpu(), on_device, encode)
