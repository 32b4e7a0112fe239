"""The networks as they are written, in fp32: what the engine is compared with."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.appearance import SourceFeatures
from models.checkpoints.checkpoint import Checkpoint
from models.geometry import rotation_matrix, transform_keypoints
from models.motion_encoder import Motion
from models.motion_field import Keypoints, MotionField

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class EagerSource:
    """What is made once of a source: f_s, x_c, and x_s with R_s."""

    features: SourceFeatures
    canonical: Tensor
    keypoints: Keypoints


class EagerReference:
    """F, L, H and Δ, M, G called layer by layer, as the public code does.

    Images are (1, 3, H, W) in [0, 1], on the device.

    Args:
        checkpoint: the weights.
        device: where they run.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device = CPU) -> None:
        self._networks = checkpoint.networks().to(device).eval().requires_grad_(False)

    @torch.inference_mode()
    def source(self, image: Tensor) -> EagerSource:
        """F and L, H and Δ."""
        canonical = self._networks.canonical(image)
        keypoints = placed(canonical, self.motion(image))
        return EagerSource(self._networks.appearance(image), canonical, keypoints)

    @torch.inference_mode()
    def motion(self, image: Tensor) -> Motion:
        """H and Δ."""
        motion: Motion = self._networks.motion_encoder(image)
        return motion

    @torch.inference_mode()
    def field(self, source: EagerSource, motion: Motion) -> MotionField:
        """M."""
        driving = placed(source.canonical, motion)
        field: MotionField = self._networks.motion_field(
            source.features.volume, source.keypoints, driving
        )
        return field

    @torch.inference_mode()
    def picture(self, source: EagerSource, field: MotionField) -> Tensor:
        """G: (1, 3, H, W) in [0, 1]."""
        picture: Tensor = self._networks.generator(source.features, field)
        return picture


def placed(canonical: Tensor, motion: Motion) -> Keypoints:
    """The keypoints of an image, eq. 1 and 2."""
    rotation = rotation_matrix(motion.angles)
    points = transform_keypoints(canonical, rotation, motion.translation, motion.deformations)
    return Keypoints(points, rotation)
