import math

import pytest
import torch

from models.training.data.degradation import BLOCK, block_compression, gaussian_blur


def test_a_blurred_dot_is_a_gaussian_of_its_own_width() -> None:
    images = torch.zeros(2, 3, 31, 31)
    images[:, :, 15, 15] = 1
    blurred = gaussian_blur(images, torch.tensor([0.8, 2.0]))
    squares = (torch.arange(31) - 15).float().square()
    for picture, deviation in zip(blurred, (0.8, 2.0), strict=True):
        assert picture.sum((1, 2)).tolist() == pytest.approx([1] * 3, abs=1e-4)
        for axis in (1, 2):
            variance = (picture.sum(axis) * squares).sum(1)
            # Cut off at 3 deviations of the widest, and sampled at whole pixels.
            assert variance.tolist() == pytest.approx([deviation**2] * 3, rel=0.04)


def test_blur_leaves_plain_pictures_alone_to_the_rim() -> None:
    images = torch.full((1, 3, 16, 16), 0.3)
    assert torch.allclose(gaussian_blur(images, torch.tensor([1.5])), images)


def test_one_coefficient_is_rounded_to_its_step_by_hand() -> None:
    # A plane wave at frequency u = 2 down the block: its only coefficient is (2, 0).
    wave = math.sqrt(2 / BLOCK) * torch.cos(math.pi / BLOCK * (torch.arange(BLOCK) + 0.5) * 2)
    unit = (wave[:, None] / math.sqrt(BLOCK)).expand(BLOCK, BLOCK)
    images = (0.10 * unit).expand(2, 3, BLOCK, BLOCK)
    compressed = block_compression(images, torch.tensor([0.01, 0.05]))
    # Steps of 0.01 * 3 and 0.05 * 3: 0.10 becomes 3 steps of 0.03, and 1 step of 0.15.
    assert torch.allclose(compressed[0], (0.09 * unit).expand(3, -1, -1), atol=1e-6)
    assert torch.allclose(compressed[1], (0.15 * unit).expand(3, -1, -1), atol=1e-6)


def test_blocks_do_not_touch_one_another() -> None:
    images = torch.full((1, 3, 24, 16), 0.5)
    noise = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    images[0, :, 8:16, 8:] = noise
    compressed = block_compression(images, torch.tensor([0.02]))
    # 0.5 is the constant coefficient 4, a whole number of steps.
    untouched = torch.ones(24, 16, dtype=torch.bool)
    untouched[8:16, 8:] = False
    assert torch.allclose(compressed[..., untouched], images[..., untouched], atol=1e-6)
    alone = block_compression(noise[None], torch.tensor([0.02]))
    assert torch.allclose(compressed[:, :, 8:16, 8:], alone, atol=1e-6)


def test_finer_steps_lose_less() -> None:
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    errors = [
        (block_compression(images, torch.tensor([step])) - images).square().mean().item()
        for step in (0.03, 0.01, 0.0001)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-6
