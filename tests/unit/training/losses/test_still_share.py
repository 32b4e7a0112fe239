"""Which pixels stand still: by how much it matters, and never beyond what can be summed."""

import math

import pytest
import torch

from models.generator import Blend
from models.training.losses.still_share import AROUND, LEAST_SHARE, still_share_loss

SIDE = 4 * AROUND


def pictures() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Source, what moves, target: the source is right at the left, what moves at the right."""
    target = torch.full((1, 3, SIDE, SIDE), 0.5)
    source, moving = target.clone(), target.clone()
    source[..., SIDE // 2 :] += 0.3
    moving[..., : SIDE // 2] -= 0.1
    return source, moving, target


def loss(still: torch.Tensor) -> torch.Tensor:
    source, moving, target = pictures()
    blend = Blend(target, moving, moving, torch.zeros_like(still), still)
    return still_share_loss(blend, source, target)


def test_cross_entropy_by_hand() -> None:
    """Half the pixels matter by 0.1 and half by 0.3, but for those that see across the middle."""
    still = torch.full((1, 1, SIDE, SIDE), 0.25)
    across = AROUND // 2
    inside = SIDE // 2 - across
    wrong, right = -0.1 * math.log(0.25), -0.3 * math.log(0.75)
    expected = inside * (wrong + right)
    for pixel in range(1, across + 1):  # from the middle to the left: n of AROUND lie beyond it
        beyond = across + 1 - pixel
        for far, near in ((0.3, 0.1), (0.1, 0.3)):
            gain = (near * (AROUND - beyond) - far * beyond) / AROUND
            gain = gain if near == 0.1 else -gain
            expected += abs(gain) * -math.log(0.25 if gain > 0 else 0.75)
    assert loss(still).item() == pytest.approx(expected / SIDE, rel=1e-4)


def test_it_is_least_where_the_share_is_right_and_finite_where_it_is_wrong() -> None:
    right = torch.zeros(1, 1, SIDE, SIDE)
    right[..., : SIDE // 2] = 1
    assert loss(right) < loss(torch.full_like(right, 0.5)) < loss(1 - right)
    assert loss(1 - right) <= 0.3 * -math.log(LEAST_SHARE)


def test_it_teaches_the_share_alone() -> None:
    source, moving, target = (picture.requires_grad_() for picture in pictures())
    still = torch.full((1, 1, SIDE, SIDE), 0.5, requires_grad=True)
    blend = Blend(target, moving, moving, torch.zeros_like(still), still)
    still_share_loss(blend, source, target).backward()  # type: ignore[no-untyped-call]
    assert still.grad is not None
    assert (still.grad[..., 0] < 0).all() and (still.grad[..., -1] > 0).all()
    assert source.grad is moving.grad is target.grad is None
