"""Whether a rendering still shows the same person, as a network that recognises people sees it.

Not in the paper, whose face features come from a recogniser too (VGGFace); this one compares the
two embeddings.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from confapp.errors import ConfappError

CROP_SIDE = 112  # pixels
GREY_LEVEL = 0.5
# Where eyes, nose tip and corners of the mouth are in ArcFace's crops, pixels (Deng et al. 2019).
TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
# First and last landmark (iBUG's 68) that such a point is the mean of.
POINTS = ((36, 42), (42, 48), (30, 31), (48, 49), (54, 55))


class IdentityNetwork(nn.Module):
    """A recogniser of faces in ONNX, as PyTorch runs it, frozen.

    Args:
        path: of an ONNX file for (N, 3, 112, 112) in [-1, 1], made of the operators of a residual
            network.

    Raises:
        ConfappError: `identity-unusable`; `onnx-missing` without the onnx package.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            import onnx  # noqa: PLC0415 - optional
            from onnx import numpy_helper  # noqa: PLC0415
        except ImportError as error:
            raise ConfappError(
                "onnx-missing", "the identity loss reads ONNX; pip install 'confapp[train]'"
            ) from error
        try:
            graph = onnx.load(str(path)).graph
            self._nodes = [
                (
                    node.op_type,
                    list(node.input),
                    node.output[0],
                    {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute},
                )
                for node in graph.node
            ]
            weights = {w.name: torch.tensor(numpy_helper.to_array(w)) for w in graph.initializer}
            self._input, self._output = graph.input[0].name, graph.output[0].name
            self._names = list(weights)
            self._weights = nn.ParameterList(
                nn.Parameter(weight, requires_grad=False) for weight in weights.values()
            )
            self(torch.zeros(1, 3, CROP_SIDE, CROP_SIDE))
        except (OSError, KeyError, ValueError, IndexError, RuntimeError, TypeError) as error:
            raise _unusable(path) from error
        except Exception as error:  # what protobuf raises on other bytes has no public name
            raise _unusable(path) from error

    def forward(self, faces: Tensor) -> Tensor:
        """(B, 3, 112, 112) in [-1, 1] -> (B, N) embeddings."""
        values: dict[str, Tensor] = dict(zip(self._names, self._weights, strict=True))
        values[self._input] = faces
        for operator, inputs, output, attributes in self._nodes:
            values[output] = OPERATORS[operator](*(values[name] for name in inputs), **attributes)
        return values[self._output]


def identity_loss(
    network: nn.Module, rendering: Tensor, driving: Tensor, landmarks: Tensor
) -> Tensor:
    """1 less the cosine of two embeddings, mean over the faces with landmarks.

    Args:
        network: crops as `identity_crops` makes them to (B, N).
        rendering, driving: (B, 3, S, S) in [0, 1].
        landmarks: of the driver, (B, 68, 2) in [-1, 1]; NaN where there is none.
    """
    labelled = landmarks.isfinite().flatten(1).all(1)
    if not labelled.any():
        return rendering.new_zeros(())
    points = landmarks[labelled]
    with torch.no_grad():
        expected = network(identity_crops(driving[labelled], points))
    found = network(identity_crops(rendering[labelled], points))
    return 1 - F.cosine_similarity(found.float(), expected.float()).mean()


def identity_crops(picture: Tensor, landmarks: Tensor) -> Tensor:
    """Faces turned and scaled onto ArcFace's template by least squares.

    Args:
        picture: (B, 3, S, S) in [0, 1].
        landmarks: (B, 68, 2) in [-1, 1].

    Returns:
        (B, 3, 112, 112) in [-1, 1].
    """
    points = torch.stack([landmarks[:, first:last].mean(1) for first, last in POINTS], 1)
    template = torch.tensor(TEMPLATE, device=points.device) * (2 / CROP_SIDE) - 1
    # The map from crop to picture: p = (a x - b y + c, b x + a y + d), both from their centres.
    centre, middle = template.mean(0), points.mean(1, keepdim=True)
    x, y = (template - centre).unbind(-1)
    right, down = (points - middle).unbind(-1)
    size = (x**2 + y**2).sum()
    a, b = (x * right + y * down).sum(1) / size, (x * down - y * right).sum(1) / size
    linear = torch.stack([torch.stack([a, -b], -1), torch.stack([b, a], -1)], 1)
    shift = middle.squeeze(1) - linear @ centre
    theta = torch.cat([linear, shift[..., None]], 2)
    grid = F.affine_grid(theta, [len(picture), 3, CROP_SIDE, CROP_SIDE], align_corners=False)
    crops = F.grid_sample(picture, grid.to(picture), padding_mode="border", align_corners=False)
    return (crops - GREY_LEVEL) / GREY_LEVEL


def _unusable(path: Path) -> ConfappError:
    return ConfappError(
        "identity-unusable", f"{path} is no ONNX file of an ArcFace network for 112x112 faces"
    )


def _convolution(x: Tensor, weight: Tensor, bias: Tensor | None = None, **named: Any) -> Tensor:
    strides, pads, dilations = named["strides"], named["pads"], named["dilations"]
    if pads[:2] != pads[2:]:
        raise ValueError("padding of two sizes")
    y: Tensor = F.conv2d(x, weight, bias, strides, pads[:2], dilations, named["group"])
    return y


def _linear(x: Tensor, weight: Tensor, bias: Tensor, **named: Any) -> Tensor:
    if not named.get("transB"):
        raise ValueError("a matrix the other way round")
    return F.linear(x, weight, bias)


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Conv": _convolution,
    "PRelu": lambda x, slope: F.prelu(x, slope.flatten()),
    "Add": torch.add,
    "Flatten": lambda x, **_: x.flatten(1),
    "Gemm": _linear,
    "BatchNormalization": lambda x, weight, bias, mean, variance, **named: F.batch_norm(
        x, mean, variance, weight, bias, eps=named["epsilon"]
    ),
}
