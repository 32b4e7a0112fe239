"""One pass of training: the driving picture made from the source and the driver's motion."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.appearance import SourceFeatures
from models.generator import Blend, BlendingGenerator
from models.geometry import rotation_matrix, transform_keypoints
from models.motion_encoder import Motion
from models.motion_field import Keypoints, MotionField
from models.networks import Networks
from models.training.keypoint_dropout import draw_kept, drop_deformations
from models.training.losses.equivariance import PlaneTransform
from models.training.pair_batch import PairBatch
from models.training.precision import autocast
from models.training.processes import Processes
from models.training.settings import TrainingSettings
from models.training.training_stopped import not_finite

SEED_STRIDE = 1_000_000_007  # more steps than any run has


@dataclass(frozen=True, slots=True)
class Draw:
    """What is random in one step, for each sample of a process's batch.

    Attributes:
        kept: (B,) how many of the driver's deformations are sent.
        transform: T of the equivariance loss; None where that loss is left out.
        alone: (B,) bool, pictures generated without the source's pixels; None for none of them.
        corner: where the part of the picture lies that the perceptual loss compares, 0 to 1 from
            the top and from the left.
    """

    kept: Tensor
    transform: PlaneTransform | None
    alone: Tensor | None = None
    corner: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of_step(
        cls, settings: TrainingSettings, keypoints: int, step: int, processes: Processes
    ) -> "Draw":
        """This process's part of a step's draw.

        It depends on seed and step alone, so that a run can be resumed.
        """
        random = torch.Generator().manual_seed(settings.seed * SEED_STRIDE + step)
        batch, device = settings.batch, processes.device
        whole = batch * processes.count
        own = slice(processes.rank * batch, (processes.rank + 1) * batch)
        kept = draw_kept(whole, keypoints, settings.keypoint_dropout, random)[own]
        transform = None
        if settings.weights.equivariance > 0:
            drawn = PlaneTransform.draw(whole, random)
            transform = PlaneTransform(drawn.affine[own].to(device), drawn.spline[own].to(device))
        alone = torch.rand(whole, generator=random)[own] < settings.blend_dropout
        top, left = torch.rand(2, generator=random).tolist()
        return cls(kept.to(device), transform, alone.to(device), (top, left))


@dataclass(frozen=True, slots=True)
class Rendering:
    """What M and G made.

    Attributes:
        picture: (B, 3, H, W) in [0, 1].
        field: the motion field.
        blend: what the picture is put together from; None where the generator does not blend.
    """

    picture: Tensor
    field: MotionField
    blend: Blend | None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What the networks made of a batch of pairs.

    Attributes:
        rendering: the driving picture, from the deformations that were sent; None where no
            picture is made.
        canonical: x_c of the source, (B, K, 3).
        source, driving: keypoints with all deformations.
        source_motion, driving_motion: what H and Delta said.
        transformed: (B, K, 3) keypoints of the transformed driver; None without a transform.
    """

    rendering: Rendering | None
    canonical: Tensor
    source: Keypoints
    driving: Keypoints
    source_motion: Motion
    driving_motion: Motion
    transformed: Tensor | None


def reconstruct(
    networks: Networks, batch: PairBatch, draw: Draw, *, renders: bool = True
) -> Reconstruction:
    """Run all networks on a batch; convolutions in the machine's fastest arithmetic.

    The motion encoder sees source, driver and transformed driver as one batch, so that its batch
    norm does too.
    """
    pictures = [batch.source, batch.driving]
    if draw.transform is not None:
        pictures.append(draw.transform.warp(batch.driving))
    with autocast(batch.source.device):
        features = networks.appearance(batch.source) if renders else None
        canonical = networks.canonical(batch.source).float()
        motion = networks.motion_encoder(torch.cat(pictures))
    source_motion, driving_motion, *others = motion.chunk(len(pictures))
    source = placed(canonical, source_motion)
    sent = replace(
        driving_motion, deformations=drop_deformations(driving_motion.deformations, draw.kept)
    )
    rendering = None
    if features is not None:
        rendering = render(networks, features, source, placed(canonical, sent), draw.alone)
    return Reconstruction(
        rendering,
        canonical,
        source,
        placed(canonical, driving_motion),
        source_motion,
        driving_motion,
        placed(canonical, others[0]).points if others else None,
    )


def render(
    networks: Networks,
    features: SourceFeatures,
    source: Keypoints,
    driving: Keypoints,
    alone: Tensor | None = None,
) -> Rendering:
    """M and G; where `alone`, (B,) bool, a blending G leaves out the warped source.

    Raises:
        TrainingStopped: a flow is not finite.
    """
    _check(source.points, driving.points)
    blend = None
    with autocast(source.points.device):
        field = networks.motion_field(features.volume, source, driving)
        _check(field.flow, *(() if field.surface is None else (field.surface.flow,)))
        if isinstance(networks.generator, BlendingGenerator):
            blend = networks.generator.blend(features, field, alone)
            picture = blend.picture
        else:
            picture = networks.generator(features, field)
    return Rendering(picture, field, blend)


def placed(canonical: Tensor, motion: Motion) -> Keypoints:
    """T of eq. 1 and 2, in fp32."""
    rotation = rotation_matrix(motion.angles)
    points = transform_keypoints(canonical, rotation, motion.translation, motion.deformations)
    return Keypoints(points, rotation)


def _check(*places: Tensor) -> None:
    """Stop at places that are not finite: on a CPU, sampling there reads foreign memory.

    A GPU samples nothing there; the gradient tells later, without waiting for the GPU here.
    """
    for place in places:
        if place.device.type == "cpu" and not torch.isfinite(place).all():
            raise not_finite("keypoints or flow")
