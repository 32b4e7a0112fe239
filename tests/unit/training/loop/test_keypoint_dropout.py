"""Keypoint dropout."""

import torch

from models.training.keypoint_dropout import draw_kept, drop_deformations

KEYPOINTS = 20


def test_zero_to_seventy_five_percent_are_lost_evenly() -> None:
    kept = draw_kept(20_000, KEYPOINTS, 1.0, torch.Generator().manual_seed(0))
    counts = torch.bincount(kept, minlength=KEYPOINTS + 1)
    assert counts[:5].sum() == 0
    expected = 20_000 / 16  # 5 to 20 keypoints are left
    assert (counts[5:] - expected).abs().max() < 0.15 * expected


def test_the_probability_is_that_of_any_loss() -> None:
    random = torch.Generator().manual_seed(0)
    assert (draw_kept(1000, KEYPOINTS, 0.0, random) == KEYPOINTS).all()
    share = (draw_kept(20_000, KEYPOINTS, 0.5, random) < KEYPOINTS).float().mean()
    assert abs(share - 0.5 * 15 / 16) < 0.02


def test_deformations_from_the_index_on_are_zero() -> None:
    deformations = torch.ones(2, 4, 3)
    dropped = drop_deformations(deformations, torch.tensor([1, 4]))
    assert dropped[0, :, 0].tolist() == [1, 0, 0, 0]
    assert torch.equal(dropped[1], deformations[1])
