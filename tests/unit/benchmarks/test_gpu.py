"""The GPU benchmark's arithmetic, and all of its parts on a card that is only played."""

import json
from pathlib import Path

import cv2
import pytest
import torch
from played_card import PlayedCard
from tiny_models import tiny

from benchmarks.gpu import __main__ as program
from benchmarks.gpu import card_memory, ceilings, model_benchmark
from benchmarks.gpu import streams as streams_module
from benchmarks.gpu.ceilings import Ceilings
from benchmarks.gpu.device_time import device_ms
from benchmarks.gpu.figures import Figures
from benchmarks.gpu.model_benchmark import ModelBenchmark
from benchmarks.gpu.renderings import Rendering
from benchmarks.gpu.roofline import Layer, layers_of_a_frame, roofline
from benchmarks.gpu.streams import Streams, grown, streams_of
from confapp.benchmark.demo_people import demo_pictures
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.photo import load_photo
from models.config import CONFIGS
from models.engine_graph import Graphed, GraphRecorder
from models.summary import summarise

CPU = torch.device("cpu")
REACHED = Ceilings(gb_per_s=1000.0, tflops={"bf16": 100.0, "fp32": 10.0})


def test_a_layer_is_held_by_the_slower_of_operations_and_bytes() -> None:
    busy, wide = Layer(flop=10**11, numbers=10**6), Layer(flop=10**8, numbers=10**9)
    floor = roofline([busy, wide], 5 * 10**6, REACHED, "bf16", picture_bytes=10**6)
    assert floor.ms_layers == pytest.approx(1.0 + 2.0)  # 1e11 / 1e14 s and 2e9 / 1e12 s
    assert floor.ms_operations == pytest.approx(1.001)
    assert floor.gflop == pytest.approx(100.1)
    assert floor.least_mb == pytest.approx(11.0)
    assert floor.moved_mb == pytest.approx(2002.0)
    assert roofline([busy], 0, REACHED, "fp32", 0).moved_mb == pytest.approx(4.0)


@pytest.mark.parametrize("name", ["lite-256", "vox-256"])
def test_layers_are_those_of_the_summary(name: str) -> None:
    config = tiny(name)
    layers, weights = layers_of_a_frame(config)
    rendering = [row for row in summarise(config) if row.runs == "a frame rendered"]
    assert sum(layer.flop for layer in layers) == pytest.approx(
        sum(row.gflop for row in rendering) * 1e9
    )
    assert weights == pytest.approx(sum(row.parameters_m for row in rendering) * 1e6)
    assert sum(layer.numbers for layer in layers) > weights


def test_rounds_as_streams() -> None:
    """16 frames in 10 ms are 1600 a second: 64 calls."""
    streams = streams_of(16, 10.0, 12.0, 3 * 2**20)
    assert streams == Streams(16, 1600.0, 10.0, 12.0, 64, 3.0)
    assert streams_of(1, 41.0, 41.0, 0).calls == 0


@pytest.mark.parametrize(
    ("rates", "measured"),
    [
        ([100, 300, 310, 900], [1, 4, 16]),  # a step that gains nothing is the last
        ([100, 300, None, 900], [1, 4]),  # no more room
        ([100, 300, 900, 2700], [1, 4, 16, 64]),
    ],
)
def test_sources_are_added_while_they_gain(rates: list[int | None], measured: list[int]) -> None:
    by_count = dict(zip((1, 4, 16, 64), rates, strict=True))

    def measure(count: int) -> Streams | None:
        fps = by_count[count]
        return None if fps is None else Streams(count, fps, 1.0, 1.0, 1, 0.0)

    assert [streams.count for streams in grown(measure, tuple(by_count))] == measured


def test_frames_in_a_row_are_timed_by_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """6 ms between the events, three runs and one that warms up."""
    PlayedCard(monkeypatch)
    runs: list[int] = []
    assert device_ms(lambda: runs.append(1), CPU, None, 3) == pytest.approx(2.0)
    assert len(runs) == 4


def test_a_rendering_on_a_card_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    PlayedCard(monkeypatch)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    card, stream = torch.device("cuda"), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    graphed, direct = (
        Rendering(int, int, int, its).times(card, seconds=0.0) for its in (stream, None)
    )
    assert (graphed["cuda_graphs"], direct["cuda_graphs"]) == (True, False)
    assert graphed["device_ms"] == pytest.approx(6.0 / graphed["on_device"]["runs"])


def test_a_part_that_fails_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    figures = Figures(file, clock=lambda: 0.0)
    figures.part("first", lambda: [REACHED])
    figures.part("second", lambda: 1 // 0)
    figures.part("third", lambda: {"ms": 1.5})
    written = json.loads(file.read_text())
    assert written["figures"]["first"][0]["gb_per_s"] == 1000.0
    assert written["figures"].keys() == {"first", "third"}
    assert "ZeroDivisionError" in written["errors"]["second"]


def test_pictures_are_the_demos_own() -> None:
    """As the product itself reads them; each reader turns YUV to RGB in its own rounding."""
    photo, frames = demo_pictures(64, 3)
    clip = [frame.rgb for frame in Clip(PEOPLE / "ada.mp4").frames()]
    own = [load_photo(PEOPLE / "ada.png"), *(clip[n * len(clip) // 3] for n in range(3))]
    for one, other in zip([photo, *frames], own, strict=True):
        small = cv2.resize(other, (64, 64), interpolation=cv2.INTER_AREA)
        assert one.shape == (64, 64, 3)
        assert abs(one.astype(float) - small.astype(float)).mean() < 2


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "MATRIX_SIDE", {"cpu": 16})
    monkeypatch.setattr(ceilings, "COPY_BYTES", {"cpu": 2**16})
    monkeypatch.setitem(CONFIGS, "lite", tiny("lite-256"))
    monkeypatch.setitem(CONFIGS, "vox", tiny("vox-256"))


@pytest.mark.usefixtures("small")
def test_on_a_cpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    figures = Figures(file)
    program.measure(figures, ["lite"], "cpu", seconds=0.001)
    written = json.loads(file.read_text())
    assert not written["errors"]
    parts = ("opened", "engine", "as written", "roofline")
    expected = {"machine", "ceilings"} | {f"lite: {part}" for part in parts}
    assert written["figures"].keys() == expected
    assert written["figures"]["lite: engine"]["to_host"]["ms_p50"] > 0
    assert "lite: streams: left out, it needs a GPU" in capsys.readouterr().out


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["lite", "vox"])
def test_parts_of_a_card(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but CUDA itself and torch's compiler."""
    PlayedCard(monkeypatch)
    monkeypatch.setattr(streams_module, "page_locked", torch.empty_like)
    monkeypatch.setattr(
        GraphRecorder, "ready", lambda _, function, *examples: Graphed(function, CPU, examples)
    )
    monkeypatch.setattr(ModelBenchmark, "_on_card", True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2**20, 3 * 2**20))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 2**19)
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    monkeypatch.setattr(card_memory, "SETTLING_FRAMES", 1)
    monkeypatch.setattr(
        model_benchmark,
        "card_memory",
        lambda scene: card_memory.card_memory(scene, frames=2, sources=2),
    )
    monkeypatch.setattr(program, "COMPILED", (name,))
    file = tmp_path / "figures.json"
    figures = Figures(file)
    program.measure(figures, [name], "cpu", seconds=0.001)
    assert not figures.errors
    parts = {part.partition(": ")[2] for part in figures.values if ":" in part}
    expected = {
        "opened",
        "engine",
        "kernel by kernel",
        "as written",
        "roofline",
        "memory",
        "streams",
    }
    expected |= {"cuDNN search", "torch.compile, on the device"}
    assert parts == expected | ({"volumes channels first"} if name == "vox" else set())
    assert figures.values[f"{name}: engine"]["cuda_graphs"]
    assert not figures.values[f"{name}: kernel by kernel"]["cuda_graphs"]
    assert figures.values[f"{name}: memory"]["frames_used"] == (2.0, 2.0)
    assert figures.values[f"{name}: streams"][0]["count"] == 1


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError, match="not done within 1 s"), model_benchmark._in_time(1):
        while True:
            pass
