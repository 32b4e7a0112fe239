"""What is chosen for which machine."""

import re
from collections.abc import Iterator

import pytest
import torch

from models import engine_plan
from models.engine_plan import choose_plan


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    engine_plan._chosen.cache_clear()
    yield
    engine_plan._chosen.cache_clear()


def machine(monkeypatch: pytest.MonkeyPatch, features: set[str], gain: float) -> None:
    """A CPU with features, on which a shorter type is so many times as fast as fp32."""
    has = dict.fromkeys(features, True)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: has)
    monkeypatch.setattr(engine_plan, "runs_here", lambda: True)
    monkeypatch.setattr(
        engine_plan, "layer_seconds", lambda dtype: gain if dtype is torch.float32 else 1.0
    )


@pytest.mark.parametrize(
    ("features", "gain", "precision", "reason"),
    [
        ({"avx2"}, 1.5, "int8", "neither AMX nor AVX512-BF16.*int8 takes 1/1.5"),
        ({"avx2"}, 1.1, "fp32", "neither AMX nor AVX512-BF16.*not worth its rounding"),
        ({"avx512_bf16"}, 1.9, "bf16", "AVX512-BF16.*1/1.9"),
        ({"avx512_bf16", "amx_bf16"}, 5.0, "bf16", "AMX.*1/5.0"),
        ({"avx512_bf16"}, 0.2, "fp32", "not worth its rounding"),
        ({"avx512_bf16"}, 1.05, "fp32", "not worth its rounding"),
    ],
)
def test_precision(
    monkeypatch: pytest.MonkeyPatch, features: set[str], gain: float, precision: str, reason: str
) -> None:
    machine(monkeypatch, features, gain)
    plan = choose_plan("cpu")
    assert plan.precision == precision
    assert re.search(reason, plan.reason)


def test_fp32_where_int8_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, {"avx2"}, 9.0)
    monkeypatch.setattr(engine_plan, "runs_here", lambda: False)
    plan = choose_plan("cpu")
    assert plan.precision == "fp32"
    assert "nor convolutions in int8" in plan.reason


def test_a_process_measures_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two models in one process round alike, whatever else the machine does meanwhile."""
    machine(monkeypatch, {"avx512_bf16"}, 1.9)
    before = choose_plan("cpu")
    machine(monkeypatch, {"avx512_bf16"}, 0.5)
    assert choose_plan("cpu") == before


@pytest.mark.parametrize(("fast", "precision"), [(True, "bf16"), (False, "fp16")])
def test_a_card_that_only_imitates_bf16_takes_fp16(
    monkeypatch: pytest.MonkeyPatch, fast: bool, precision: str
) -> None:
    def supported(*, including_emulation: bool = True) -> bool:
        return fast or including_emulation

    monkeypatch.setattr("torch.cuda.is_bf16_supported", supported)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda _: "a card")
    plan = choose_plan("cuda")
    assert (plan.precision, plan.reason) == (precision, "a GPU is here (a card)")
