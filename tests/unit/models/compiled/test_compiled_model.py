"""The compiled networks against those that are written."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import trained_some_steps

from confapp.pose_offset import PoseOffset
from models import talking_head
from models.checkpoints.checkpoint import Checkpoint
from models.compiled import compiles
from models.compiled.graph import CompiledGraph
from models.compiled.motion_encoder import CompiledMotionEncoder
from models.compiled.range_measurement import CUT_OFF, RangeMeasurement
from models.config import CONFIGS
from models.eager_reference import EagerReference
from models.engine_plan import EnginePlan
from models.engine_precision import FP32, Precision
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.picture_agreement import as_image, picture_agreement
from models.talking_head import Picture, TalkingHead

CPU = torch.device("cpu")
COMPILED = EnginePlan(CPU, FP32, "of the test", compiled=True)
IN_BYTES = EnginePlan(CPU, Precision(torch.float32, quantised=True), "of the test", compiled=True)
PLAIN = EnginePlan(CPU, FP32, "of the test")
PLANAR = ["lite-256", "lite-128-flat", "lite-128-direct"]
FP32_PSNR_DB = 57.0  # pixels are rounded to a byte, 58.9 dB at best
LEAST_PSNR_DB = 38.0


def pictures(count: int, size: int = 64) -> list[Picture]:
    """Blocks of strong colours that move from picture to picture."""
    blocks = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    whole = blocks.repeat(size // 8, 0).repeat(size // 8, 1)
    return [np.roll(whole, 3 * number, 1) for number in range(count)]


def test_which_models_are_compiled() -> None:
    assert all(compiles(CONFIGS[name]) for name in PLANAR)
    assert not any(compiles(CONFIGS[name]) for name in ("lite-128-plain", "vox-256", "paper-256"))


@pytest.mark.parametrize("name", PLANAR)
def test_fp32_is_the_same_arithmetic(name: str) -> None:
    checkpoint = trained_some_steps(name)
    head = TalkingHead(checkpoint, trained=False, plan=COMPILED)
    photo, *frames = pictures(6)
    assert picture_agreement(head, checkpoint, photo, frames).psnr_db > FP32_PSNR_DB


@pytest.mark.parametrize("size", [64, 48, 32])  # 48: means of pixels that are no whole numbers
@pytest.mark.parametrize("name", PLANAR)
def test_motion_is_the_same_arithmetic(name: str, size: int) -> None:
    checkpoint = trained_some_steps(name)
    encoder = checkpoint.networks().eval().requires_grad_(requires_grad=False).motion_encoder
    assert isinstance(encoder, LandmarkMotionEncoder)
    compiled, reference = (
        CompiledMotionEncoder(encoder, size, bf16=False),
        EagerReference(checkpoint),
    )
    for picture in pictures(3, size):
        expected = reference.motion(as_image(picture)).row()
        found = compiled(torch.from_numpy(picture))
        # angles of up to 97 degrees, the mean of two of either sign
        assert torch.allclose(found[:3], expected[:3], rtol=1e-4, atol=2e-4)
        assert torch.allclose(found[3:], expected[3:], rtol=1e-4, atol=1e-5)


def test_stages_make_the_same_picture() -> None:
    """M and G by themselves, which the benchmark times, and both as one graph."""
    head = TalkingHead(trained_some_steps("lite-256"), trained=False, plan=COMPILED)
    photo, frame = pictures(2)
    source, motion = head.encode_source(photo), head.encode_motion(frame)
    renderer = head._engine._renderer
    driving = head._keypoints(source.canonical, motion, PoseOffset())
    kept = source.prepared.kept
    apart = renderer.picture(kept, renderer.field(kept, driving))
    whole = head.render(source, motion)
    assert np.array_equal(apart.numpy(), whole)
    assert whole.flags.c_contiguous  # OpenCV copies others


def measured(checkpoint: Checkpoint, photo: Picture, frames: list[Picture]) -> Checkpoint:
    measurement = RangeMeasurement(checkpoint)
    measurement.add(as_image(photo), [as_image(frame) for frame in frames])
    return replace(checkpoint, ranges=measurement.ranges())


def test_ranges_are_of_what_convolutions_read() -> None:
    """Some layers, watched in the networks as they are written."""
    checkpoint = trained_some_steps("lite-256")
    photo, *frames = pictures(4)
    ranges = measured(checkpoint, photo, frames).ranges
    reference = EagerReference(checkpoint)
    networks, seen = reference._networks, dict[str, list[tuple[float, float]]]()
    watched = {
        "motion_field.merge.1": networks.motion_field.merge[1].conv,  # type: ignore[index, union-attr]
        "generator.blocks.0.conv2": networks.generator.blocks[0].conv2,
        "generator.detail": networks.generator.detail.conv,  # type: ignore[union-attr]
        "generator.merge_detail.0": networks.generator.merge_detail[0].conv,  # type: ignore[index, union-attr]
    }
    for name, layer in watched.items():

        def note(_: object, read: tuple[torch.Tensor], name: str = name) -> None:
            seen.setdefault(name, []).append((float(read[0].min()), float(read[0].max())))

        layer.register_forward_pre_hook(note)
    source = reference.source(as_image(photo))
    for frame in frames:
        motion = reference.motion(as_image(frame))
        reference.picture(source, reference.field(source, motion))
    assert ranges is not None
    assert seen.keys() == watched.keys()
    for name, ends in seen.items():
        least, most = np.percentile(ends, [CUT_OFF, 100 - CUT_OFF], axis=0)
        assert ranges[name] == pytest.approx((least[0], most[1]), abs=1e-4)


def test_a_frame_in_a_hundred_widens_no_range(monkeypatch: pytest.MonkeyPatch) -> None:
    measurement = RangeMeasurement(trained_some_steps("lite-256"))
    layers = len(measurement._names)
    frames = [np.full((layers, 2), (-1.0, 1.0)) for _ in range(300)]
    frames[7] = np.full((layers, 2), (-50.0, 90.0))
    monkeypatch.setattr(measurement, "_found", frames)
    assert set(measurement.ranges().values()) == {(-1.0, 1.0)}


def test_in_bytes_it_agrees() -> None:
    photo, *frames = pictures(6)
    checkpoint = measured(trained_some_steps("lite-256"), photo, frames)
    head = TalkingHead(checkpoint, trained=False, plan=IN_BYTES)
    whole = TalkingHead(checkpoint, trained=False, plan=COMPILED)
    in_bytes, in_fp32 = (
        picture_agreement(one, checkpoint, photo, frames).psnr_db for one in (head, whole)
    )
    assert LEAST_PSNR_DB <= in_bytes < in_fp32


def test_bytes_without_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="ranges"):
        TalkingHead(trained_some_steps("lite-256"), trained=False, plan=IN_BYTES)


def test_what_torch_cannot_do_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU without room, say."""

    def failing(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(talking_head, "choose_plan", chosen)
    monkeypatch.setattr(talking_head, "Engine", failing)
    with pytest.raises(RuntimeError, match="out of memory"):
        TalkingHead(trained_some_steps("lite-256"), trained=False)


def test_threads_do_not_mix() -> None:
    """Two sources and two motions, rendered by four threads at once."""
    head = TalkingHead(trained_some_steps("lite-256"), trained=False, plan=COMPILED)
    one, other, frame = pictures(3)
    work = [
        (head.encode_source(photo), head.encode_motion(driver))
        for photo in (one, other)
        for driver in (other, frame)
    ]
    expected = [head.render(*pair) for pair in work]
    assert not np.array_equal(expected[0], expected[1])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: head.render(*work[number % 4]), range(64)))
    assert all(np.array_equal(found[n], expected[n % 4]) for n in range(64))


def chosen(*, compiles: bool = False) -> EnginePlan:
    return IN_BYTES if compiles else PLAIN


def test_a_graph_that_cannot_be_compiled_leaves_the_model_to_torch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    photo, frame = pictures(2)
    checkpoint = measured(trained_some_steps("lite-256"), photo, [frame])

    def refused(graph: CompiledGraph) -> CompiledGraph:
        raise RuntimeError("no such operator\nand more")

    monkeypatch.setattr(CompiledGraph, "ready", refused)
    monkeypatch.setattr(talking_head, "choose_plan", chosen)
    head = TalkingHead(checkpoint, trained=False)
    assert not head.plan.compiled
    assert caplog.messages == ["OpenVINO does not run tiny-lite-256 here: no such operator"]
    head.render(head.encode_source(photo), head.encode_motion(frame))


def test_ranges_decide_who_runs_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them torch does, which finds them anew for each frame."""
    photo, frame = pictures(2)
    without = trained_some_steps("lite-256")
    monkeypatch.setattr(talking_head, "choose_plan", chosen)
    assert TalkingHead(without, trained=False).plan == PLAIN
    assert TalkingHead(measured(without, photo, [frame]), trained=False).plan == IN_BYTES


def ran(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_signals_are_heard_when_the_last_graph_is_gone() -> None:
    """Handlers run on a stack that the first graph was given."""
    program = (
        "import gc, signal, threading\n"
        "import numpy as np\n"
        "from models.compiled.lone_layer import lone_layer\n"
        "kept = [lone_layer(8, 8, quantised=False, bf16=False)]\n"
        "kept[0](np.ones((1, 8, 8, 8), np.float32))\n"
        "gone = threading.Thread(target=lambda: (kept.clear(), gc.collect()))\n"
        "gone.start(), gone.join()\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('heard'))\n"
        "signal.raise_signal(signal.SIGTERM)\n"
    )
    assert ran(program) == "heard"


def test_nobody_is_told() -> None:
    """OpenVINO reports its import where its reporter can be imported."""
    program = (
        "import sys, models.compiled.graph;"
        "print([name for name, module in sys.modules.items() "
        "if name.startswith('openvino_telemetry') and module])"
    )
    assert ran(program) == "[]"


def test_without_openvino_torch_runs_the_model() -> None:
    program = (
        "import sys; sys.modules['openvino'] = None\n"
        "import importlib.util as util; util.find_spec = lambda name: None\n"
        "from models.talking_head import TalkingHead\n"
        "print(TalkingHead.open('lite-256').plan.compiled)"
    )
    assert ran(program) == "False"
