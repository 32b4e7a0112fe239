"""Graphs on a card that is only played, and what happens where they fail."""

import contextlib
import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from played_card import PlayedCard
from tiny_models import tiny
from torch import Tensor

from models import engine_graph
from models.engine_convolution import Convolution
from models.engine_folding import folded
from models.engine_graph import Direct, Graphed, GraphRecorder
from models.engine_plan import EnginePlan
from models.engine_precision import FP32
from models.engine_renderer import FoldedRenderer, renderer_of
from models.motion_field import Keypoints
from models.networks import Networks

CPU = torch.device("cpu")
GPU = torch.device("cuda")


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> PlayedCard:
    return PlayedCard(monkeypatch)


def test_a_replay_sees_the_new_arguments(card: PlayedCard) -> None:
    graphed = Graphed(card.doubled, CPU, [torch.zeros(2)])
    assert len(card.work) == 1, "warm-ups are not recorded"
    assert graphed(torch.tensor([1.0, 2.0])).tolist() == [2.0, 4.0]
    assert graphed(torch.tensor([5.0, 0.5])).tolist() == [10.0, 1.0]


def test_a_launch_overwrites_the_result_of_the_one_before(card: PlayedCard) -> None:
    graphed = Graphed(card.doubled, CPU, [torch.zeros(1)])
    first = graphed.launch(torch.ones(1))
    assert graphed.launch(torch.ones(1) * 3) is first
    assert float(first) == 6.0


def test_another_number_of_arguments_is_refused(card: PlayedCard) -> None:
    graphed = Graphed(card.doubled, CPU, [torch.zeros(1)])
    with pytest.raises(ValueError, match="zip"):
        graphed(torch.ones(1), torch.ones(1))


def test_any_thread_may_call(card: PlayedCard) -> None:
    """Each caller gets the result of its own argument, also outside of inference mode."""
    graphed = Graphed(card.doubled, CPU, [torch.zeros(1)])
    inside = threading.Lock()
    launch = graphed.launch

    def alone(*arguments: Tensor) -> Tensor:
        assert inside.acquire(blocking=False), "two threads at once"
        try:
            return launch(*arguments).clone()
        finally:
            inside.release()

    graphed.launch = alone  # type: ignore[method-assign]
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(lambda n: float(graphed(torch.full((1,), float(n)))), range(64))
    assert list(results) == [2.0 * n for n in range(64)]


def test_a_graph_goes_with_its_last_user(card: PlayedCard) -> None:
    """Without the garbage collector: a change of source frees the card's memory at once."""
    graphed = Graphed(torch.neg, CPU, [torch.zeros(1)])
    dropped = weakref.ref(graphed)
    gc.disable()
    try:
        del graphed
        assert dropped() is None
    finally:
        gc.enable()


def test_a_stream_is_taken_again_once_its_graph_is_gone(card: PlayedCard) -> None:
    """Libraries keep memory for every stream they have seen."""
    encoder, first = (Graphed(card.doubled, CPU, [torch.zeros(1)]) for _ in range(2))
    assert encoder.stream is not first.stream
    streams = [encoder.stream, first.stream]
    for _ in range(3):  # the old source goes when the new one is there
        following = Graphed(card.doubled, CPU, [torch.zeros(1)])
        streams.append(following.stream)
        first = following
    del following
    assert len(set(streams)) == 3


def test_graphs_of_one_stream_keep_off_each_other(
    card: PlayedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch has 32 streams; what is launched into a recording would become part of it."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(torch.cuda, "Stream", lambda _: stream)
    one = Graphed(card.doubled, CPU, [torch.zeros(1)])

    def checked(x: Tensor) -> Tensor:
        assert one._lock.locked()
        return x

    other = Graphed(checked, CPU, [torch.zeros(1)])
    assert one._lock is other._lock


def test_a_recording_that_fails_leaves_no_stream_current(
    card: PlayedCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    current: list[object] = ["the caller's"]

    @contextlib.contextmanager
    def made_current(stream: object) -> Iterator[None]:
        before = list(current)
        current.append(stream)
        try:
            yield
        finally:
            current[:] = before

    @contextlib.contextmanager
    def failing(graph: object, *, stream: object, capture_error_mode: str) -> Iterator[None]:
        current.append(stream)
        yield
        raise RuntimeError("operation failed due to a previous error during capture")

    monkeypatch.setattr(torch.cuda, "stream", made_current)
    monkeypatch.setattr(torch.cuda, "graph", failing)
    with pytest.raises(RuntimeError, match="previous error"):
        Graphed(card.doubled, CPU, [torch.zeros(1)])
    assert current == ["the caller's"]
    assert not engine_graph._recording.locked()
    assert not next(iter(engine_graph._lanes.values())).users


def test_what_cannot_be_recorded_runs_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning, one try."""
    tries = []

    def failing(*_: object) -> Graphed:
        tries.append(1)
        raise RuntimeError("operation not permitted\nand a long trace")

    monkeypatch.setattr(engine_graph, "Graphed", failing)
    recorder = GraphRecorder(GPU)
    ready = [recorder.ready(lambda x: x * 2, torch.zeros(1)) for _ in range(2)]
    assert [type(one) for one in ready] == [Direct, Direct]
    assert len(tries) == len(caplog.records) == 1
    assert caplog.messages == ["the networks run without CUDA graphs: operation not permitted"]


def test_without_a_driver_there_is_a_way_back(caplog: pytest.LogCaptureFixture) -> None:
    """What torch itself says here, whichever way it says it."""
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    assert type(GraphRecorder(GPU).ready(torch.neg, torch.zeros(1))) is Direct
    assert len(caplog.records) == 1


def test_nothing_is_recorded_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_graph, "Graphed", None)
    run = GraphRecorder(CPU).ready(lambda x: x + 1, torch.zeros(1))
    assert float(run(torch.tensor(1.0))) == 2.0


@pytest.mark.parametrize(
    "name", ["lite-256", "lite-128-flat", "lite-128-direct", "paper-256", "paper-256-flat"]
)
@torch.inference_mode()
def test_all_is_where_the_networks_are(name: str) -> None:
    """On a device without numbers an operand from the CPU is an error, and so is a look at one."""
    config = tiny(name)
    networks = Networks(config).to("meta").eval().requires_grad_(False)
    renderer = renderer_of(networks, EnginePlan(CPU, FP32, "of the test"))
    if isinstance(renderer, FoldedRenderer):
        renderer._device = "cpu"  # autocast does not know the other
    image = torch.empty(1, 3, config.image_size, config.image_size, device="meta")
    points, rotation = (torch.empty(1, n, 3, device="meta") for n in (config.keypoints, 3))
    prepared = renderer.prepare(networks.appearance(image), Keypoints(points, rotation))
    picture = renderer.picture(prepared, renderer.field(prepared, Keypoints(points, rotation)))
    assert (picture.device.type, picture.shape) == ("meta", (config.image_size,) * 2 + (3,))
    motion = folded(networks.motion_encoder, FP32)(image)
    assert motion.deformations.device.type == "meta"


def test_a_convolution_elsewhere_is_not_given_to_onednn() -> None:
    weight, bias = torch.empty(4, 4, 3, 3, device="meta"), torch.empty(4, device="meta")
    layer = Convolution(weight, bias, torch.bfloat16, stride=(1, 1), padding=(1, 1))
    assert layer(torch.empty(1, 4, 8, 8, device="meta")).dtype is torch.bfloat16
