"""What is chosen for which machine."""

import re
from collections.abc import Iterator

import pytest

from models import engine_plan
from models.engine_plan import choose_plan
from models.engine_precision import FP32, Precision


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    engine_plan._chosen.cache_clear()
    yield
    engine_plan._chosen.cache_clear()


def machine(
    monkeypatch: pytest.MonkeyPatch, features: set[str], gain: float, bytes_gain: float | None
) -> None:
    """A CPU with features, on which bf16 and bytes are so many times as fast as fp32.

    None: convolutions of bytes do not run there.
    """
    has = dict.fromkeys(features, True)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: has)
    monkeypatch.setattr(engine_plan, "runs_here", lambda: bytes_gain is not None)

    def layer_seconds(precision: Precision, *, compiled: bool) -> float:
        if precision.quantised:
            assert bytes_gain is not None
            return 1 / bytes_gain
        return 1.0 if precision == FP32 else 1 / gain

    monkeypatch.setattr(engine_plan, "layer_seconds", layer_seconds)


@pytest.mark.parametrize(
    ("features", "gains", "precision", "reason"),
    [
        ({"avx2"}, (0, 1.5), "int8/fp32", "neither AMX nor AVX512-BF16.*1/1.5 in int8/fp32"),
        ({"avx2"}, (0, 1.1), "fp32", "neither AMX nor AVX512-BF16.*not worth the rounding"),
        ({"avx2"}, (0, None), "fp32", "nor convolutions in int8"),
        ({"avx512_bf16"}, (1.9, None), "bf16", "AVX512-BF16.*1/1.9 in bf16 of its time"),
        (
            {"avx512_bf16"},
            (1.9, 2.0),
            "bf16",
            "AVX512-BF16.*1/1.9 in bf16 and 1/2.0 in int8/bf16 of its time",
        ),
        (
            {"avx512_bf16"},
            (1.9, 2.5),
            "int8/bf16",
            "1/1.9 in bf16 and 1/2.5 in int8/bf16 of its time",
        ),
        ({"avx512_bf16", "amx_bf16"}, (5.0, 4.0), "bf16", "AMX.*1/5.0 in bf16"),
        ({"avx512_bf16"}, (0.2, 1.1), "fp32", "not worth the rounding"),
        (
            {"avx512_bf16"},
            (0.2, 1.5),
            "int8/fp32",
            "1/0.2 in bf16 and 1/1.5 in int8/fp32 of its time",
        ),
        ({"avx512_bf16"}, (1.05, None), "fp32", "not worth the rounding"),
    ],
)
def test_precision(
    monkeypatch: pytest.MonkeyPatch,
    features: set[str],
    gains: tuple[float, float | None],
    precision: str,
    reason: str,
) -> None:
    machine(monkeypatch, features, *gains)
    plan = choose_plan("cpu")
    assert str(plan.precision) == precision
    assert re.search(reason, plan.reason)


@pytest.mark.parametrize(
    ("features", "gains", "chosen", "reason"),
    [
        ({"avx512_bf16"}, (1.9, 3.6), ("int8/bf16", True), "by OpenVINO.*1/3.6 in int8/bf16"),
        # M and G would be in fp32, so bytes are worth it where bf16 is as fast
        ({"amx_bf16"}, (5.0, 5.0), ("int8/bf16", True), "AMX, and by OpenVINO"),
        ({"avx2"}, (0, 1.5), ("int8/fp32", True), "1/1.5 in int8/fp32"),
        ({"avx2"}, (0, 1.1), ("fp32", False), "not worth the rounding"),
        ({"avx512_bf16"}, (1.9, 1.1), ("bf16", False), "a layer takes 1/1.9 in bf16"),
    ],
)
def test_where_openvino_can_run_the_model(
    monkeypatch: pytest.MonkeyPatch,
    features: set[str],
    gains: tuple[float, float],
    chosen: tuple[str, bool],
    reason: str,
) -> None:
    machine(monkeypatch, features, *gains)
    plan = choose_plan("cpu", compiles=True)
    assert (str(plan.precision), plan.compiled) == chosen
    assert re.search(reason, plan.reason)


def test_bf16_that_openvino_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when it is told of fewer instructions than the processor has."""
    machine(monkeypatch, {"avx512_bf16"}, 1.9, 2.0)
    measured = engine_plan.layer_seconds

    def refusing(precision: Precision, *, compiled: bool) -> float:
        if str(precision) == "bf16":
            raise RuntimeError("object is not initialized")
        return measured(precision, compiled=compiled)

    monkeypatch.setattr(engine_plan, "layer_seconds", refusing)
    plan = choose_plan("cpu", compiles=True)
    assert (str(plan.precision), plan.runtime) == ("int8/fp32", "OpenVINO")
    assert "bf16 and" not in plan.reason


@pytest.mark.parametrize("failure", [ImportError, OSError, RuntimeError])
def test_torch_takes_over_where_openvino_does_not_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: type[Exception]
) -> None:
    machine(monkeypatch, {"avx512_bf16"}, 1.9, 2.5)
    measured = engine_plan.layer_seconds

    def broken(precision: Precision, *, compiled: bool) -> float:
        if compiled:
            raise failure("libopenvino.so: cannot open\nand more")
        return measured(precision, compiled=compiled)

    monkeypatch.setattr(engine_plan, "layer_seconds", broken)
    plan = choose_plan("cpu", compiles=True)
    assert (str(plan.precision), plan.runtime) == ("int8/bf16", "torch")
    assert caplog.messages == ["OpenVINO does not run here: libopenvino.so: cannot open"]


def test_a_process_measures_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models in one process round alike, whatever else the machine does meanwhile."""
    machine(monkeypatch, {"avx512_bf16"}, 1.9, 2.5)
    before = choose_plan("cpu")
    machine(monkeypatch, {"avx512_bf16"}, 0.5, 0.5)
    assert choose_plan("cpu") == before


def test_models_that_torch_runs_have_one_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether OpenVINO was tried before or not."""
    machine(monkeypatch, {"avx512_bf16"}, 1.9, 1.1)
    assert choose_plan("cpu", compiles=True) is choose_plan("cpu")


@pytest.mark.parametrize(("fast", "precision"), [(True, "bf16"), (False, "fp16")])
def test_a_card_that_only_imitates_bf16_takes_fp16(
    monkeypatch: pytest.MonkeyPatch, fast: bool, precision: str
) -> None:
    def supported(*, including_emulation: bool = True) -> bool:
        return fast or including_emulation

    monkeypatch.setattr("torch.cuda.is_bf16_supported", supported)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda _: "a card")
    plan = choose_plan("cuda")
    assert (str(plan.precision), plan.reason) == (precision, "a GPU is here (a card)")
