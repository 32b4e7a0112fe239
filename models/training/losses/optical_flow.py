"""The surface flow drawn to where optical flow finds the driver's pixels.

Not in the paper. Pictures compared pixel by pixel say which way a flow should go where it is off
by a pixel or two; hair and shoulders, which no keypoint sits on, are off by more. There dense flow
still finds the way.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.dense_flow import DenseFlow, GreyPicture
from models.geometry import plane_grid
from models.motion_field import MotionField

KNEE = 0.02  # half pictures, 2.6 pixels of 256: what is further off pulls no harder


def optical_flow_loss(
    field: MotionField, warped: Tensor, driving: Tensor, regions: Tensor
) -> Tensor:
    """Huber distance of the surface flow from what it should be, where that can be told.

    The way from the driver to the source warped by the flow is what the flow still lacks, so the
    better it is, the better it is taught. Places that are not found the same there and back (they
    are hidden in one picture) do not count, and eyes and mouth, where motion is finer than
    optical flow sees, count less.

    Args:
        field: with a surface.
        warped: the source warped by it, (B, 3, H, W) in [0, 1].
        driving: (B, 3, H, W) in [0, 1].
        regions: (B, 1, H, W), how much the picture counts there by `region_weights`.

    Returns:
        A number, of the size of the mean distance in half pictures.
    """
    if field.surface is None:
        raise ValueError("optical flow teaches a surface flow, which the paper's field has not")
    flow = field.surface.flow
    size, side = flow.shape[1], driving.shape[-1]
    lacking, certain = lacking_flow(warped, driving)
    lacking = F.interpolate(lacking, size=size, mode="area") * (2 / side)
    weight = F.interpolate(certain / regions, size=size, mode="area")[:, 0]
    with torch.no_grad():
        here = plane_grid(size, flow.device) + lacking.permute(0, 2, 3, 1)
        wanted = F.grid_sample(
            flow.permute(0, 3, 1, 2), here, padding_mode="border", align_corners=False
        ).permute(0, 2, 3, 1)
    off = (flow - wanted).square().sum(-1).add(1e-12).sqrt()
    pulls = F.smooth_l1_loss(off, torch.zeros_like(off), reduction="none", beta=KNEE)
    return (weight * pulls).mean()


def lacking_flow(warped: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
    """Optical flow from drivers to warped sources, (B, 3, H, W) each, in [0, 1].

    Returns:
        Shifts in pixels (B, 2, H, W), and where they are found there and back: (B, 1, H, W).
    """
    search = DenseFlow()
    found = [
        search.there_and_back(*pair) for pair in zip(_grey(driving), _grey(warped), strict=True)
    ]
    shifts = torch.from_numpy(np.stack([shift for shift, _ in found])).permute(0, 3, 1, 2)
    certain = torch.from_numpy(np.stack([sure for _, sure in found]))[:, None]
    return shifts.to(driving), certain.to(driving)


def _grey(pictures: Tensor) -> GreyPicture:
    grey = pictures.detach().float().mean(1).mul(255).round().clamp(0, 255).to(torch.uint8)
    planes: GreyPicture = grey.cpu().numpy()
    return planes
