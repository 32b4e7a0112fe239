"""VGG features of a picture, from a weights file that the user gives."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from confapp.errors import ConfappError

# Convolutions a block; a 2x2 max pool ends each block (Simonyan and Zisserman, table 1, D and E).
VGG16_BLOCKS = (2, 2, 3, 3, 3)
VGG19_BLOCKS = (2, 2, 4, 4, 4)
KERNEL = 3
# VGG19's last convolution of block 3 by its place in torchvision's Sequential; a pool in VGG16.
VGG19_ONLY = "features.16.weight"

# Each has a head in a file of LPIPS, lin0 to lin4 (Zhang et al. 2018, version 0.1).
LPIPS_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")

# Of ImageNet pictures in [0, 1], red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


class FeatureNetworkError(ConfappError):
    """A feature network's file that cannot be used, and what to do about it."""


class FeatureNetwork(nn.Module):
    """The convolutions of VGG16 or VGG19, frozen, up to the last layer asked for.

    Attributes:
        name: ``VGG16`` or ``VGG19``.
        layers: names of the features returned, ``relu1_1`` and so on, shallow to deep.
        heads: by layer, how much LPIPS weighs each of its channels, (C,); of those layers that
            the file has one for.
    """

    def __init__(self, name: str, layers: Sequence[str], tensors: dict[str, Tensor]) -> None:
        """Take weights named ``features.N.weight`` and ``.bias`` (torchvision's order).

        Those of LPIPS's heads are named ``linN.weight``.

        Raises:
            FeatureNetworkError: a layer that the network does not have, or missing weights.
        """
        super().__init__()
        self.name = name
        places = _places(VGG19_BLOCKS if name == "VGG19" else VGG16_BLOCKS)
        unknown = [layer for layer in layers if layer not in places]
        if unknown or not layers:
            raise FeatureNetworkError(
                "features-layer-unknown",
                f"{name} has no layer {', '.join(unknown)}; it has {', '.join(places)}",
            )
        order = list(places)
        self._depth = max(order.index(layer) for layer in layers) + 1
        self._order = order[: self._depth]
        self.layers = tuple(layer for layer in self._order if layer in layers)
        self.convolutions = nn.ModuleList(
            _convolution(tensors, f"features.{places[layer]}", name) for layer in self._order
        )
        self.heads = nn.ParameterDict(
            {
                layer: tensors[f"lin{number}.weight"].flatten()
                for number, layer in enumerate(LPIPS_LAYERS)
                if layer in self.layers and f"lin{number}.weight" in tensors
            }
        )
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1))
        self.mean: Tensor
        self.deviation: Tensor
        self.eval().requires_grad_(False)

    @classmethod
    def load(cls, path: Path, layers: Sequence[str]) -> "FeatureNetwork":
        """Read a safetensors file; what is not named as above is passed over.

        Raises:
            FeatureNetworkError: missing, unreadable, or without the layers.
        """
        if not path.is_file():
            raise FeatureNetworkError("features-missing", f"there is no feature network {path}")
        try:
            with safe_open(path, framework="pt") as file:
                names = [name for name in file.keys() if name.startswith(("features.", "lin"))]  # noqa: SIM118
                tensors = {name: file.get_tensor(name).float() for name in names}
        except (SafetensorError, OSError, ValueError) as error:
            raise FeatureNetworkError(
                "features-damaged",
                f"{path} is not a readable safetensors file ({error}); give another",
            ) from error
        return cls("VGG19" if VGG19_ONLY in tensors else "VGG16", layers, tensors)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """(B, 3, H, W) in [0, 1] -> features of `layers`, each (B, C, H/2^n, W/2^n)."""
        x = (picture - self.mean) / self.deviation
        features = []
        block = 1
        for layer, convolution in zip(self._order, self.convolutions, strict=True):
            if _block(layer) > block:
                x, block = F.max_pool2d(x, 2), _block(layer)
            x = F.relu(convolution(x))
            if layer in self.layers:
                features.append(x)
        return features


def _block(layer: str) -> int:
    return int(layer.removeprefix("relu").split("_")[0])


def _places(blocks: tuple[int, ...]) -> dict[str, int]:
    """Where torchvision's Sequential has the convolution before each named ReLU."""
    places: dict[str, int] = {}
    place = 0
    for block, count in enumerate(blocks, start=1):
        for number in range(1, count + 1):
            places[f"relu{block}_{number}"] = place
            place += 2  # convolution, ReLU
        place += 1  # pool
    return places


def _convolution(tensors: dict[str, Tensor], place: str, network: str) -> nn.Conv2d:
    try:
        weight, bias = tensors[f"{place}.weight"], tensors[f"{place}.bias"]
    except KeyError as error:
        raise FeatureNetworkError(
            "features-incomplete",
            f"the feature network lacks {error.args[0]}: a {network} in torchvision's layout "
            "(features.N.weight, features.N.bias) is needed",
        ) from error
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], KERNEL, padding=KERNEL // 2)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer
