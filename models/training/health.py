"""Notices a run that learns nothing any more, and says why."""

import math

import torch
from torch import Tensor

from models.geometry import plane_grid, volume_grid
from models.training.reconstruction import Reconstruction
from models.training.training_stopped import TrainingStopped, not_finite

GRACE_STEPS = 1000  # random networks may look dead
PATIENCE_CHECKS = 5  # in a row

VITAL_SIGNS = (
    "keypoint_spread",
    "flow_length",
    "occlusion_low",
    "occlusion_high",
    "alpha_low",
    "alpha_high",
)

LEAST_SPREAD = 0.01  # half images, deviation of the keypoints around their centre
LEAST_FLOW = 1e-4  # half images, mean distance from the identity
SATURATION = 0.001  # a mask within this of 0 or 1 everywhere


@torch.no_grad()
def vital_signs(made: Reconstruction) -> dict[str, Tensor]:
    """Numbers by which a dead network shows.

    Returns:
        ``keypoint_spread``: deviation of x, y of the source's keypoints around their centre; of
        a rendering also:
        ``flow_length``: mean distance of the flow from the identity.
        ``occlusion_low``, ``occlusion_high``: its extremes over the batch; ``alpha_low``,
        ``alpha_high`` where the generator blends.
    """
    signs = {"keypoint_spread": made.source.points[..., :2].std(dim=1).norm(dim=-1).mean()}
    if made.rendering is None:
        return signs
    field, blend = made.rendering.field, made.rendering.blend
    flow = field.flow
    distance = (flow - volume_grid(flow.shape[1], flow.shape[2], flow.device)).norm(dim=-1).mean()
    if field.surface is not None:
        surface = field.surface.flow
        moved = (surface - plane_grid(surface.shape[1], surface.device)).norm(dim=-1).mean()
        distance = torch.maximum(distance, moved)
    signs |= {
        "flow_length": distance,
        "occlusion_low": field.occlusion.min(),
        "occlusion_high": field.occlusion.max(),
    }
    if blend is not None:
        signs |= {"alpha_low": blend.alpha.min(), "alpha_high": blend.alpha.max()}
    return signs


class Health:
    """Follows the vital signs of a run."""

    def __init__(self) -> None:
        self._bad: dict[str, int] = {}

    def check(self, step: int, numbers: dict[str, float]) -> None:
        """Look at the losses and vital signs of a step.

        Raises:
            TrainingStopped: a number is not finite, or a network has been dead for several
                checks in a row after the first 1,000 steps.
        """
        wrong = [name for name, value in numbers.items() if not math.isfinite(value)]
        if wrong:
            raise not_finite(f"step {step}: {', '.join(wrong)}")
        if step < GRACE_STEPS:
            return
        found = _illnesses(numbers)
        self._bad = {reason: self._bad.get(reason, 0) + 1 for reason in found}
        for reason, times in self._bad.items():
            if times >= PATIENCE_CHECKS:
                raise TrainingStopped(
                    "training-dead",
                    f"step {step}: {reason}; start again with a lower learning rate or other loss "
                    "weights",
                )


def _illnesses(signs: dict[str, float]) -> list[str]:
    found = []
    if signs["keypoint_spread"] < LEAST_SPREAD:
        found.append("the keypoints have collapsed into one point")
    if signs.get("flow_length", math.inf) < LEAST_FLOW:
        found.append("the flow is the identity: nothing moves")
    for mask, meaning in (("occlusion", "the occlusion map"), ("alpha", "the blending mask")):
        if f"{mask}_low" not in signs:
            continue
        if signs[f"{mask}_high"] < SATURATION:
            found.append(f"{meaning} is 0 everywhere")
        if signs[f"{mask}_low"] > 1 - SATURATION:
            found.append(f"{meaning} is 1 everywhere")
    return found
