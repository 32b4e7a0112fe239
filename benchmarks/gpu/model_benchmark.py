"""All parts of the benchmark for one model."""

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import torch

from benchmarks.gpu.card_memory import card_memory
from benchmarks.gpu.ceilings import Ceilings
from benchmarks.gpu.device_time import seconds_of, timed
from benchmarks.gpu.figures import Figures
from benchmarks.gpu.renderings import EngineScene, as_written, engine_scene
from benchmarks.gpu.roofline import layers_of_a_frame, roofline
from benchmarks.gpu.streams import Crowd, Streams, grown
from confapp.benchmark.demo_people import demo_pictures
from models.eager_reference import EagerReference
from models.engine_plan import EnginePlan
from models.engine_precision import Precision
from models.picture_agreement import picture_agreement
from models.talking_head import TalkingHead, find_checkpoint

AGREEING_FRAMES = 10
MOST_COMPILE_SECONDS = 60
NO_CARD = "it needs a GPU"


class ModelBenchmark:
    """One model's parts; each is kept by `figures` under the model's name.

    Args:
        name: a configuration; without trained weights it runs with random ones.
        plan: how the engine runs.
        seconds: for each measurement.
        figures: keeps what was measured.
    """

    def __init__(self, name: str, plan: EnginePlan, seconds: float, figures: Figures) -> None:
        self.name, self._plan, self._seconds, self._figures = name, plan, seconds, figures
        self._checkpoint, self._trained = find_checkpoint(name, untrained=True)
        self._size = self._checkpoint.config.image_size
        self._photo, (self._frame,) = demo_pictures(self._size, 1)
        self._scene: EngineScene | None = None
        self._render_ms: float | None = None

    @property
    def _on_card(self) -> bool:
        return self._plan.device.type == "cuda"

    def single_stream(self) -> None:
        """The engine with and without graphs, then the networks as they are written."""
        self._part("engine", self._engine)
        if self._scene is not None and self._on_card:
            direct = self._scene.kernel_by_kernel()
            self._part("kernel by kernel", lambda: direct.times(self._plan.device, self._seconds))
        self._part("as written", self._written)
        self._clear()

    def roofline(self, reached: Ceilings) -> None:
        """The floor of a frame, and the engine's time (the device's own) over it."""

        def floor() -> dict[str, Any]:
            layers, weights = layers_of_a_frame(self._checkpoint.config)
            picture = self._size**2 * 3
            least = roofline(layers, weights, reached, str(self._plan.precision), picture)
            times = None if self._render_ms is None else self._render_ms / least.ms_layers
            return {"floor": least, "engine_over_floor": times and round(times, 2)}

        self._part("roofline", floor)

    def agreement(self) -> None:
        """With fp32 as written on the CPU, by the plan's type and the other short one."""
        if not self._trained:
            self._figures.skip(f"{self.name}: agreement", "its weights are random")
            return
        photo, frames = demo_pictures(self._size, AGREEING_FRAMES)
        short = Precision(torch.bfloat16), Precision(torch.float16)
        for precision in short if self._on_card else (self._plan.precision,):
            plan = EnginePlan(self._plan.device, precision, "compared")
            self._part(
                f"agreement in {plan.precision}",
                lambda plan=plan: picture_agreement(  # type: ignore[misc]
                    TalkingHead(self._checkpoint, trained=True, plan=plan),
                    self._checkpoint,
                    photo,
                    frames,
                ),
            )

    def streams(self) -> None:
        """More and more sources beside one another."""
        if self._scene is None or not self._on_card:
            self._figures.skip(f"{self.name}: streams", NO_CARD)
            return
        scene = self._scene

        def more() -> list[Streams]:
            found = []
            for streams in grown(Crowd(scene, self._seconds).measure):
                found.append(streams)
                print(f"... {streams}", flush=True)
            return found

        self._part("streams", more)
        self._clear()

    def memory(self) -> None:
        """Over frames and changes of source."""
        if self._scene is None or not self._on_card:
            self._figures.skip(f"{self.name}: memory", NO_CARD)
            return
        self._part("memory", partial(card_memory, self._scene))

    def compiled(self) -> None:
        """torch.compile in the place of the engine's own graph, if it is done in time."""
        scene = self._scene
        if scene is None or not self._on_card:
            self._figures.skip(f"{self.name}: torch.compile", NO_CARD)
            return

        def compile_and_time() -> dict[str, Any]:
            run = scene.compiled()
            with _in_time(MOST_COMPILE_SECONDS):
                seconds = seconds_of(run)
                return {"first_call_s": seconds} | timed(run, self._plan.device, self._seconds)

        self._part("torch.compile, on the device", compile_and_time)
        self._clear()

    def variants(self) -> None:
        """What else the engine could choose on a card."""
        scene = self._scene
        if scene is None or not self._on_card:
            self._figures.skip(f"{self.name}: variants", NO_CARD)
            return

        def channels_first() -> dict[str, Any]:
            try:
                return self._scene_times(scene.volumes_in(torch.contiguous_format))
            finally:
                self._scene = scene.volumes_in(torch.channels_last_3d)

        self._part("cuDNN search", lambda: self._scene_times(scene.searched()))
        if scene.has_volumes:
            self._part("volumes channels first", channels_first)
        self._clear()

    def _engine(self) -> dict[str, Any]:
        self._scene = engine_scene(self._checkpoint, self._plan, self._photo, self._frame)
        figures = self._scene_times(self._scene)
        self._render_ms = figures.get("device_ms", figures["on_device"]["ms_p50"])
        return figures

    def _scene_times(self, scene: EngineScene) -> dict[str, Any]:
        times = scene.rendering().times(self._plan.device, self._seconds)
        return {"source_s": scene.source_seconds} | times

    def _written(self) -> dict[str, Any]:
        """Plain fp32, and fp16 by autocast: networks with coordinates do not run as fp16."""
        device = self._plan.device
        reference = EagerReference(self._checkpoint, device)
        dtypes = {"fp32": torch.float32} | ({"fp16": torch.float16} if self._on_card else {})
        return {
            name: as_written(reference, device, self._photo, self._frame, dtype).times(
                device, self._seconds
            )
            for name, dtype in dtypes.items()
        }

    def _part(self, name: str, measure: Callable[[], Any]) -> None:
        self._figures.part(f"{self.name}: {name}", measure)

    def _clear(self) -> None:
        """Give the card's memory back."""
        gc.collect()
        if self._on_card:
            torch.cuda.empty_cache()


@contextmanager
def _in_time(seconds: int) -> Iterator[None]:
    """End the work of the main thread after so long.

    Raises:
        TimeoutError: it took longer.
    """

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
