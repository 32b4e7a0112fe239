"""The feature network reads torchvision's layout and gives the features asked for."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from models.training.losses.feature_network import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    FeatureNetwork,
    FeatureNetworkError,
)

# Where torchvision's vgg16().features and vgg19().features have their convolutions.
VGG16_PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
VGG19_PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)


def passing(places: tuple[int, ...]) -> dict[str, Tensor]:
    """3-channel convolutions that pass their input on, each plus its own place in the list."""
    tensors = {}
    for place in places:
        weight = torch.zeros(3, 3, 3, 3)
        weight[range(3), range(3), 1, 1] = 1
        tensors[f"features.{place}.weight"] = weight
        tensors[f"features.{place}.bias"] = torch.full((3,), float(place))
    return tensors


def mean_picture(size: int) -> Tensor:
    """ImageNet's mean colour: zeros once normalised."""
    return torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1).expand(1, 3, size, size)


@pytest.mark.parametrize(
    ("name", "places", "layer", "expected"),
    [
        ("VGG16", VGG16_PLACES, "relu4_1", 0 + 2 + 5 + 7 + 10 + 12 + 14 + 17),
        (
            "VGG19",
            VGG19_PLACES,
            "relu5_1",
            0 + 2 + 5 + 7 + 10 + 12 + 14 + 16 + 19 + 21 + 23 + 25 + 28,
        ),
    ],
)
def test_a_layer_comes_after_the_convolutions_before_it(
    name: str, places: tuple[int, ...], layer: str, expected: int
) -> None:
    (features,) = FeatureNetwork(name, [layer], passing(places))(mean_picture(32))
    assert features.flatten().tolist() == pytest.approx([expected] * features.numel(), abs=1e-4)


def test_each_block_halves_the_plane() -> None:
    layers = ("relu1_2", "relu2_2", "relu3_3", "relu4_1", "relu5_1")
    features = FeatureNetwork("VGG16", layers, passing(VGG16_PLACES))(mean_picture(32))
    assert [plane.shape[-1] for plane in features] == [32, 16, 8, 4, 2]


def test_input_is_normalised_and_rectified() -> None:
    network = FeatureNetwork("VGG16", ["relu1_1"], passing(VGG16_PLACES))
    picture = mean_picture(2) + torch.tensor([IMAGENET_DEVIATION[0], -1, 0]).view(1, 3, 1, 1)
    (features,) = network(picture)
    assert features[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0], abs=1e-6)


def test_a_gradient_reaches_the_picture_and_not_the_network() -> None:
    network = FeatureNetwork("VGG16", ["relu1_1"], passing(VGG16_PLACES))
    picture = (mean_picture(4) + 0.1).requires_grad_()
    network(picture)[0].sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().min() > 0
    assert not any(weight.requires_grad for weight in network.parameters())


@pytest.mark.parametrize(("name", "places"), [("VGG16", VGG16_PLACES), ("VGG19", VGG19_PLACES)])
def test_a_file_tells_which_network_it_is(
    tmp_path: Path, name: str, places: tuple[int, ...]
) -> None:
    tensors = passing(places) | {"lin0.weight": torch.zeros(1)}
    save_file({key: value.half() for key, value in tensors.items()}, tmp_path / "net.safetensors")
    network = FeatureNetwork.load(tmp_path / "net.safetensors", ["relu3_1"])
    assert network.name == name
    assert next(network.parameters()).dtype == torch.float32


def test_a_network_cut_off_after_the_layers_asked_for_is_enough(tmp_path: Path) -> None:
    save_file(passing(VGG16_PLACES[:5]), tmp_path / "net.safetensors")
    assert FeatureNetwork.load(tmp_path / "net.safetensors", ["relu3_1"]).layers == ("relu3_1",)
    with pytest.raises(FeatureNetworkError, match=r"features\.12"):
        FeatureNetwork.load(tmp_path / "net.safetensors", ["relu3_2"])


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(FeatureNetworkError, match="relu3_4") as caught:
        FeatureNetwork("VGG16", ["relu3_4"], passing(VGG16_PLACES))
    assert caught.value.error_id == "features-layer-unknown"


def test_a_missing_or_broken_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FeatureNetworkError, match="no feature network"):
        FeatureNetwork.load(tmp_path / "none.safetensors", ["relu1_1"])
    (tmp_path / "broken.safetensors").write_bytes(b"no tensors")
    with pytest.raises(FeatureNetworkError, match="not a readable"):
        FeatureNetwork.load(tmp_path / "broken.safetensors", ["relu1_1"])
