"""The identity loss: ONNX as PyTorch runs it, faces on ArcFace's template, and what it says."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from confapp.errors import ConfappError
from models.training.losses.identity import (
    CROP_SIDE,
    POINTS,
    TEMPLATE,
    IdentityNetwork,
    identity_crops,
    identity_loss,
)

WIDTH, SIZE = 4, 3


def layers() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    shapes = {
        "w": (WIDTH, 3, 3, 3),
        "b": (WIDTH,),
        "slope": (WIDTH, 1, 1),
        "deep": (WIDTH, 1, 3, 3),
        "matrix": (SIZE, WIDTH * 16),
        "bias": (SIZE,),
        "gamma": (SIZE,),
        "beta": (SIZE,),
        "mean": (SIZE,),
    }
    tensors = {name: torch.randn(shape, generator=random) / 4 for name, shape in shapes.items()}
    return tensors | {"variance": torch.rand(SIZE, generator=random) + 0.5}


def write_network(path: Path, operator: str = "PRelu") -> Path:
    """Convolution, PReLU, a depthwise convolution added to its input, and a linear layer."""
    thin: Any = {"dilations": [1, 1], "kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], group=1, strides=[28, 28], **thin),
        helper.make_node(operator, ["c", "slope"], ["p"]),
        helper.make_node("Conv", ["p", "deep"], ["d"], group=WIDTH, strides=[1, 1], **thin),
        helper.make_node("Add", ["p", "d"], ["s"]),
        helper.make_node("Flatten", ["s"], ["f"], axis=1),
        helper.make_node("Gemm", ["f", "matrix", "bias"], ["g"], transB=1),
        helper.make_node(
            "BatchNormalization", ["g", "gamma", "beta", "mean", "variance"], ["y"], epsilon=1e-5
        ),
    ]
    faces = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, CROP_SIDE, CROP_SIDE])
    embedding = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", SIZE])
    weights = [numpy_helper.from_array(w.numpy(), name) for name, w in layers().items()]
    graph = helper.make_graph(nodes, "faces", [faces], [embedding], weights)
    onnx.save(helper.make_model(graph), str(path))
    return path


def by_hand(x: Tensor) -> Tensor:
    w = layers()
    first = nn.functional.conv2d(x, w["w"], w["b"], 28, 1)
    shown = torch.where(first > 0, first, first * w["slope"])
    deep = nn.functional.conv2d(shown, w["deep"], None, 1, 1, 1, WIDTH)
    linear = (shown + deep).flatten(1) @ w["matrix"].T + w["bias"]
    return (linear - w["mean"]) / (w["variance"] + 1e-5).sqrt() * w["gamma"] + w["beta"]


def landmarks_on_template(side: float, scale: float, turn: float, shift: Tensor) -> Tensor:
    """(1, 68, 2): the five points at the template's places, turned, scaled and moved."""
    cosine, sine = np.cos(turn) * scale, np.sin(turn) * scale
    points = torch.tensor(TEMPLATE) @ torch.tensor([[cosine, sine], [-sine, cosine]]).float()
    landmarks = torch.zeros(1, 68, 2)
    for (first, last), point in zip(POINTS, (points + shift) * 2 / side - 1, strict=True):
        landmarks[:, first:last] = point
    return landmarks


def test_onnx_gives_what_its_layers_give(tmp_path: Path) -> None:
    faces = torch.rand(2, 3, CROP_SIDE, CROP_SIDE)
    network = IdentityNetwork(write_network(tmp_path / "net.onnx"))
    assert torch.allclose(network(faces), by_hand(faces), atol=1e-5)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_crop_of_a_turned_face_is_the_face() -> None:
    """A picture that is a smooth function of place: the crop shows it at the mapped places."""
    side, scale, turn, shift = 256, 1.5, 0.3, torch.tensor([60.0, 20.0])
    down, right = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    picture = torch.stack([right, down, right + down])[None] / 512
    crop = identity_crops(picture, landmarks_on_template(side, scale, turn, shift))
    at = torch.tensor([30.5, 70.5])  # x, y in the crop
    cosine, sine = np.cos(turn) * scale, np.sin(turn) * scale
    x = cosine * at[0] - sine * at[1] + shift[0]
    y = sine * at[0] + cosine * at[1] + shift[1]
    expected = torch.stack([x, y, x + y]) / 512 * 2 - 1
    assert torch.allclose(crop[0, :, 70, 30], expected, atol=1e-3)


def test_loss_is_zero_for_the_same_face_and_grows_with_the_difference() -> None:
    mean_colour = nn.Sequential(nn.AvgPool2d(CROP_SIDE), nn.Flatten())
    landmarks = landmarks_on_template(64, 0.4, 0.0, torch.tensor([8.0, 8.0])).expand(2, 68, 2)
    red, green = torch.zeros(2, 3, 64, 64), torch.zeros(2, 3, 64, 64)
    red[:, 0], green[:, 1] = 1, 1
    orange = (red + green / 2).requires_grad_()
    same = identity_loss(mean_colour, red, red, landmarks)
    some = identity_loss(mean_colour, orange, red, landmarks)
    most = identity_loss(mean_colour, green, red, landmarks)
    assert float(same) == pytest.approx(0, abs=1e-6)
    assert same.item() < some.item() < most.item()
    some.backward()  # type: ignore[no-untyped-call]
    assert orange.grad is not None
    assert float(orange.grad.abs().sum()) > 0


def test_faces_without_landmarks_say_nothing() -> None:
    picture = torch.rand(1, 3, 64, 64)
    loss = identity_loss(nn.Flatten(), picture, picture, torch.full((1, 68, 2), torch.nan))
    assert float(loss) == 0


@pytest.mark.parametrize("content", [None, b"no network"])
def test_another_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "net.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfappError) as caught:
        IdentityNetwork(path)
    assert caught.value.error_id == "identity-unusable"


def test_an_operator_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        IdentityNetwork(write_network(tmp_path / "net.onnx", "Pow"))
    assert caught.value.error_id == "identity-unusable"
