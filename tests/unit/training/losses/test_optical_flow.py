"""The surface flow is drawn to where optical flow finds the driver's pixels."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from models.geometry import plane_grid
from models.motion_field import MotionField, SurfaceField
from models.training.losses.optical_flow import KNEE, lacking_flow, optical_flow_loss

SIDE = 128
SHIFT = (3, -2)  # pixels by which the warped source is off
IN_PLANE = torch.tensor(SHIFT) * 2 / SIDE


def pictures() -> tuple[Tensor, Tensor]:
    """A driver, and a warped source that shows each of its pixels `SHIFT` further on."""
    noise = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), 2)
    texture = (texture - texture.min()) / (texture.max() - texture.min())
    moved = np.roll(texture, SHIFT, (1, 0))
    driving, warped = (
        torch.from_numpy(plane.copy()).expand(1, 3, SIDE, SIDE) for plane in (texture, moved)
    )
    return driving, warped


def field(flow: Tensor) -> MotionField:
    empty = torch.zeros(0)
    return MotionField(empty, empty, empty, SurfaceField(flow, empty))


def still_flow() -> Tensor:
    return plane_grid(SIDE // 2, torch.device("cpu"))[None].clone().requires_grad_()


def inside(plane: Tensor) -> Tensor:
    """Of (..., h, w), what is away from the edges, where the pattern starts anew."""
    margin = plane.shape[-1] // 8
    return plane[..., margin:-margin, margin:-margin]


def test_the_way_is_found_there_and_back() -> None:
    driving, warped = pictures()
    lacking, certain = lacking_flow(warped, driving)
    torch.testing.assert_close(
        inside(lacking).mean((0, 2, 3)), torch.tensor(SHIFT).float(), atol=0.1, rtol=0
    )
    assert inside(certain).mean() > 0.99


def test_the_loss_by_hand() -> None:
    """Off by d everywhere, further than the knee: |d| - knee / 2; eyes and mouth by a fifth."""
    driving, warped = pictures()
    distance = IN_PLANE.norm().item()
    assert distance > KNEE
    regions = torch.ones(1, 1, SIDE, SIDE)
    loss = optical_flow_loss(field(still_flow()), warped, driving, regions)
    assert loss.item() == pytest.approx(distance - KNEE / 2, rel=0.15)  # edges are not found
    fifth = optical_flow_loss(field(still_flow()), warped, driving, 5 * regions)
    assert fifth.item() == pytest.approx(loss.item() / 5)


def test_a_step_against_the_gradient_goes_the_right_way() -> None:
    driving, warped = pictures()
    flow = still_flow()
    regions = torch.ones(1, 1, SIDE, SIDE)
    optical_flow_loss(field(flow), warped, driving, regions).backward()  # type: ignore[no-untyped-call]
    assert flow.grad is not None
    step = inside(-flow.grad.permute(0, 3, 1, 2)).mean((0, 2, 3))
    torch.testing.assert_close(step / step.norm(), IN_PLANE / IN_PLANE.norm(), atol=0.05, rtol=0)


def test_what_is_found_nowhere_teaches_nothing() -> None:
    """Half of the driver is of another pattern: it counts at most where chance finds it."""
    driving, warped = pictures()
    other = torch.from_numpy(np.random.default_rng(1).random((SIDE, SIDE), np.float32))
    hidden = torch.cat([driving[..., : SIDE // 2], other.expand(1, 3, -1, -1)[..., SIDE // 2 :]], 3)
    _, certain = lacking_flow(warped, hidden)
    assert inside(certain[..., : SIDE // 2]).mean() > 0.95
    assert inside(certain[..., SIDE // 2 :]).mean() < 0.5


def test_a_perfect_flow_costs_nothing() -> None:
    driving, _ = pictures()
    loss = optical_flow_loss(field(still_flow()), driving, driving, torch.ones(1, 1, SIDE, SIDE))
    assert loss.item() < 1e-6


def test_a_field_without_a_surface_is_refused() -> None:
    driving, warped = pictures()
    empty = torch.zeros(0)
    with pytest.raises(ValueError, match="surface"):
        optical_flow_loss(MotionField(empty, empty, empty), warped, driving, driving[:, :1])
