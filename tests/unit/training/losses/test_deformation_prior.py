"""The deformation prior, worked by hand."""

import pytest
import torch

from models.training.losses.deformation_prior import deformation_prior_loss


def test_it_is_the_mean_l1_norm_of_a_keypoints_deformation() -> None:
    deformations = torch.tensor([[[0.1, -0.2, 0.3], [0.0, 0.0, 0.0]]])
    assert deformation_prior_loss(deformations).item() == pytest.approx(0.3)
