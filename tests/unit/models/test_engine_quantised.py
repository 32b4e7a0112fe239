"""The int8 convolution against the one in fp32."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.engine_convolution import LEAKY_RELU, NONE, RELU
from models.engine_quantised import QuantisedConvolution, can_quantise, largest_weight, runs_here

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    NONE: lambda y: y,
    RELU: F.relu,
    LEAKY_RELU: F.leaky_relu,
}
LARGEST_ERROR = 0.015  # of the result's norm


def relative_error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def planes(channels: int, least: float) -> Tensor:
    return torch.empty(1, channels, 12, 12).uniform_(least, 3.0)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


@pytest.fixture
def tried_anew() -> Iterator[None]:
    largest_weight.cache_clear()
    yield
    largest_weight.cache_clear()


@pytest.mark.parametrize("least", [0.0, -1.0, 1.0])
@pytest.mark.parametrize("activation", [NONE, RELU, LEAKY_RELU])
@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_is_the_convolution(
    least: float, activation: str, added: bool, dtype: torch.dtype
) -> None:
    """Also at the border, where the padding is 0 and not the least number."""
    weight, bias = torch.randn(40, 16, 3, 3), torch.randn(40) * 10
    layer = QuantisedConvolution(
        weight, bias, dtype, stride=(1, 1), padding=(1, 1), activation=activation
    )
    for x in (planes(16, least), 100 * planes(16, least)):  # each frame has a scale of its own
        plus = torch.randn(1, 40, 12, 12).mul(10).to(dtype) if added else None
        expected = F.conv2d(x, weight, bias, padding=1) + (0 if plus is None else plus)
        expected = ACTIVATIONS[activation](expected)
        y = layer(x.to(dtype), plus)
        assert y.dtype is dtype
        assert relative_error(y, expected) < LARGEST_ERROR


@pytest.mark.parametrize("activation", [NONE, RELU, LEAKY_RELU])
@pytest.mark.parametrize("added", [False, True])
def test_volumes(activation: str, added: bool) -> None:
    weight, bias = torch.randn(40, 16, 3, 2, 2), torch.randn(40) * 10
    layer = QuantisedConvolution(
        weight, bias, torch.float32, stride=(1,) * 3, padding=(1,) * 3, activation=activation
    )
    x = torch.empty(2, 16, 4, 12, 12).uniform_(-1, 3)
    plus = torch.randn(2, 40, 4, 13, 13) * 10 if added else None
    expected = F.conv3d(x, weight, bias, padding=1) + (0 if plus is None else plus)
    assert relative_error(layer(x, plus), ACTIVATIONS[activation](expected)) < LARGEST_ERROR


def test_what_is_added_stays_as_it_is() -> None:
    layer = QuantisedConvolution(
        torch.randn(32, 8, 3, 3), torch.zeros(32), torch.float32, stride=(1, 1), padding=(1, 1)
    )
    plus = torch.randn(1, 32, 12, 12)
    before = plus.clone()
    layer(planes(8, 0.0), plus)
    assert torch.equal(plus, before)


def test_weights_of_one_sign_do_not_overflow() -> None:
    """Sums of pairs of products pass 16 bits where a processor adds them in 16 bits."""
    weight, bias = torch.rand(32, 64, 3, 3), torch.zeros(32)
    layer = QuantisedConvolution(weight, bias, torch.float32, stride=(1, 1), padding=(1, 1))
    x = planes(64, 2.9)
    assert relative_error(layer(x), F.conv2d(x, weight, padding=1)) < LARGEST_ERROR


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_planes_of_one_number(value: float) -> None:
    weight, bias = torch.randn(32, 8, 3, 3), torch.ones(32)
    layer = QuantisedConvolution(weight, bias, torch.float32, stride=(2, 2), padding=(1, 1))
    x = torch.full((1, 8, 12, 12), value)
    expected = F.conv2d(x, weight, bias, stride=2, padding=1)
    assert relative_error(layer(x), expected) < LARGEST_ERROR


@pytest.mark.parametrize(
    ("shape", "can"),
    [
        ((64, 32, 3, 3), True),
        ((64, 32, 1, 3, 3), True),
        ((8, 32, 3, 3), False),  # bytes would cost more than they save
    ],
)
def test_what_runs_in_int8(shape: tuple[int, ...], can: bool) -> None:
    assert can_quantise(torch.zeros(shape)) is can


@pytest.mark.parametrize("error", [AttributeError("no such operator"), RuntimeError("no engine")])
@pytest.mark.usefixtures("tried_anew")
def test_without_the_operators_nothing_runs_in_int8(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def forward(*_: object) -> Tensor:
        raise error

    monkeypatch.setattr(QuantisedConvolution, "forward", forward)
    assert not runs_here()
    assert not can_quantise(torch.zeros(64, 32, 3, 3))


@pytest.mark.usefixtures("tried_anew")
def test_sums_that_are_cut_off_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs_here()
    largest_weight.cache_clear()
    whole = QuantisedConvolution.forward
    monkeypatch.setattr(
        QuantisedConvolution, "forward", lambda *given: whole(*given).clamp(max=250.0)
    )
    assert not runs_here()


@pytest.mark.parametrize("layer", [127, 63])
@pytest.mark.usefixtures("tried_anew")
def test_weights_are_as_large_as_the_sums_allow(
    monkeypatch: pytest.MonkeyPatch, layer: int
) -> None:
    """A processor that cuts off all but the products of weights this large."""
    whole = QuantisedConvolution.forward

    def forward(self: QuantisedConvolution, x: Tensor) -> Tensor:
        y = whole(self, x)
        return y if self._weight.max() <= layer else y.clamp(max=250.0)

    monkeypatch.setattr(QuantisedConvolution, "forward", forward)
    assert largest_weight() == layer
    made = QuantisedConvolution(
        torch.rand(8, 8, 3, 3), torch.zeros(8), torch.float32, stride=(1, 1), padding=(1, 1)
    )
    assert made._weight.max() == layer
