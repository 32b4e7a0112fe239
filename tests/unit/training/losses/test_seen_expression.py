"""Eyes and mouth of a rendering, as a finder of landmarks sees them."""

import pytest
import torch
from torch import Tensor, nn

from models.motion_encoder import Motion
from models.training.losses.landmark_guide import WING_CURVATURE, wing
from models.training.losses.seen_expression import seen_expression_loss


class BrightnessFinder(nn.Module):
    """Puts every landmark at the picture's mean brightness, the first ones one to the right."""

    def forward(self, picture: Tensor) -> Motion:
        """(B, 3, H, W) -> landmarks (B, 68, 2)."""
        places = picture.mean((1, 2, 3))[:, None, None].repeat(1, 68, 2)
        offset = torch.zeros(68, 2)
        offset[:36, 0] = picture.std()  # differs between pictures, and must not count
        still = torch.zeros(len(picture), 3)
        return Motion(still, still, torch.zeros(len(picture), 1, 3), places + offset)


def test_the_same_picture_costs_nothing() -> None:
    picture = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert seen_expression_loss(BrightnessFinder(), picture, picture) == 0


def test_it_is_the_wing_loss_of_eyes_and_mouth_alone() -> None:
    dark, bright = torch.full((1, 3, 8, 8), 0.5), torch.full((1, 3, 8, 8), 0.5)
    bright[..., :4] = 0.5 + 2 * WING_CURVATURE  # the mean rises by one curvature
    loss = seen_expression_loss(BrightnessFinder(), bright, dark)
    assert loss.item() == pytest.approx(wing(torch.tensor(WING_CURVATURE)).item(), rel=1e-4)


def test_its_gradient_moves_the_rendering_and_not_the_driver() -> None:
    rendering = torch.full((1, 3, 8, 8), 0.4, requires_grad=True)
    driving = torch.full((1, 3, 8, 8), 0.6, requires_grad=True)
    loss = seen_expression_loss(BrightnessFinder(), rendering, driving)
    loss.backward()  # type: ignore[no-untyped-call]
    assert rendering.grad is not None and (rendering.grad < 0).all()
    assert driving.grad is None
