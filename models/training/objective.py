"""The sum of all losses of a recipe."""

import torch
from torch import Tensor, nn

from models.discriminator import Discriminator
from models.training.losses.adversarial import (
    Verdict,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from models.training.losses.canonical_guide import canonical_guide_loss
from models.training.losses.deformation_prior import deformation_prior_loss
from models.training.losses.equivariance import equivariance_loss
from models.training.losses.face_crop import detail_boxes, face_boxes, face_crops
from models.training.losses.feature_network import FeatureNetwork
from models.training.losses.head_pose import head_pose_loss
from models.training.losses.identity import identity_loss
from models.training.losses.keypoint_prior import keypoint_prior_loss
from models.training.losses.landmark_guide import landmark_guide_loss, landmark_loss
from models.training.losses.optical_flow import optical_flow_loss
from models.training.losses.perceptual import perceptual_loss
from models.training.losses.region_weight import picture_loss, region_weights
from models.training.losses.seen_expression import seen_expression_loss
from models.training.losses.still_share import still_share_loss
from models.training.pair_batch import PairBatch
from models.training.precision import autocast
from models.training.reconstruction import Draw, Reconstruction
from models.training.settings import TrainingSettings

# The face is about half a picture's width, so a crop of half the side keeps its resolution.
CROPS_A_SIDE = 2
DETAILS_A_SIDE = 4  # likewise an eye, or a mouth

Losses = dict[str, Tensor]


class Objective:
    """Weighs the losses of a recipe and adds them.

    The losses fall in two groups, so that the cost of judging pictures by networks can be told
    from the rest: those that look at the rendering alone, and the others.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        features: FeatureNetwork | None,
        finder: nn.Module | None = None,
        recogniser: nn.Module | None = None,
    ) -> None:
        """Prepare the losses.

        Args:
            features: of the perceptual losses; None leaves these out.
            finder: a motion encoder that finds landmarks, in evaluation mode; None leaves
                `seen_expression` out.
            recogniser: of `identity`; None leaves it out.
        """
        self._settings = settings
        self._features = features
        self._finder = finder
        self._recogniser = recogniser

    def rendering_losses(
        self, rendering: Tensor, batch: PairBatch, draw: Draw, discriminator: Discriminator | None
    ) -> Losses:
        """Losses by networks that look at the rendering: L_P and L_G, unweighted, by name."""
        weights, losses = self._settings.weights, Losses()
        with autocast(rendering.device):
            if self._features is not None and weights.perceptual > 0:
                looked_at = self._settings.perceptual
                losses["perceptual"] = self._perceptual(
                    _part(rendering, draw.corner, looked_at.part),
                    _part(batch.driving, draw.corner, looked_at.part),
                    looked_at.halvings,
                )
            if self._features is not None and weights.face_perceptual > 0:
                size = rendering.shape[-1] // CROPS_A_SIDE
                boxes = face_boxes(batch.driving_landmarks)
                losses["face_perceptual"] = self._perceptual(
                    face_crops(rendering, boxes, size), face_crops(batch.driving, boxes, size), (0,)
                )
            if self._features is not None and weights.detail_perceptual > 0:
                size = rendering.shape[-1] // DETAILS_A_SIDE
                details = detail_boxes(batch.driving_landmarks)
                cut = [
                    torch.cat([face_crops(picture, boxes, size) for boxes in details])
                    for picture in (rendering, batch.driving)
                ]
                losses["detail_perceptual"] = self._perceptual(cut[0], cut[1], (0,))
            if self._finder is not None and weights.seen_expression > 0:
                losses["seen_expression"] = seen_expression_loss(
                    self._finder, rendering, batch.driving
                )
            if self._recogniser is not None and weights.identity > 0:
                losses["identity"] = identity_loss(
                    self._recogniser, rendering, batch.driving, batch.driving_landmarks
                )
            if discriminator is not None:
                fake, real = discriminator(rendering), discriminator(batch.driving)
                losses["adversarial"] = generator_loss(fake)
                losses["feature_matching"] = feature_matching_loss(real, fake)
        return losses

    def structure_losses(self, made: Reconstruction, batch: PairBatch, draw: Draw) -> Losses:
        """All other losses, unweighted, by name."""
        weights, losses = self._settings.weights, Losses()
        rendering = made.rendering
        if rendering is not None:
            regions = region_weights(batch.driving_landmarks, batch.driving.shape[-1])
            if weights.picture > 0:
                losses["picture"] = picture_loss(rendering.picture, batch.driving, regions)
            if weights.warped_picture > 0 and rendering.blend is not None:
                losses["warped_picture"] = picture_loss(
                    rendering.blend.warped, batch.driving, regions
                )
            if weights.still_share > 0 and rendering.blend is not None:
                losses["still_share"] = still_share_loss(
                    rendering.blend, batch.source, batch.driving
                )
            if weights.optical_flow > 0 and rendering.blend is not None:
                losses["optical_flow"] = optical_flow_loss(
                    rendering.field, rendering.blend.warped, batch.driving, regions
                )
        if made.transformed is not None and draw.transform is not None:
            losses["equivariance"] = equivariance_loss(
                made.driving.points, made.transformed, draw.transform
            )
        if weights.keypoint_prior > 0:
            losses["keypoint_prior"] = keypoint_prior_loss(
                made.driving.points, self._settings.keypoint_distance
            )
        if weights.head_pose > 0:
            losses["head_pose"] = _of_both(
                head_pose_loss(made.source_motion.angles, batch.source_angles),
                head_pose_loss(made.driving_motion.angles, batch.driving_angles),
            )
        if weights.deformation_prior > 0:
            losses["deformation_prior"] = _of_both(
                deformation_prior_loss(made.source_motion.deformations),
                deformation_prior_loss(made.driving_motion.deformations),
            )
        if weights.landmark_guide > 0:
            losses["landmark_guide"] = _of_both(
                landmark_guide_loss(made.source.points, batch.source_landmarks),
                landmark_guide_loss(made.driving.points, batch.driving_landmarks),
            )
        if weights.canonical_guide > 0:
            losses["canonical_guide"] = canonical_guide_loss(made.canonical)
        source, driving = made.source_motion.landmarks, made.driving_motion.landmarks
        if weights.landmarks > 0 and source is not None and driving is not None:
            losses["landmarks"] = _of_both(
                landmark_loss(source, batch.source_landmarks),
                landmark_loss(driving, batch.driving_landmarks),
            )
        return losses

    def total(self, losses: Losses, graph: Tensor) -> Tensor:
        """The weighted sum; without losses a zero on the graph of a tensor given."""
        total = graph.new_zeros(()) * graph.sum()
        for name, loss in losses.items():
            total = total + getattr(self._settings.weights, name) * loss
        return total

    def discriminator_loss(
        self, discriminator: Discriminator, rendering: Tensor, target: Tensor
    ) -> Tensor:
        """The hinge loss of the discriminator itself."""
        with autocast(rendering.device):
            real: Verdict = discriminator(target)
            fake: Verdict = discriminator(rendering.detach())
        return discriminator_loss(real, fake)

    def _perceptual(self, rendering: Tensor, target: Tensor, halvings: tuple[int, ...]) -> Tensor:
        if self._features is None:
            raise ValueError("the perceptual loss needs a feature network")
        chosen = self._settings.perceptual
        return perceptual_loss(
            self._features,
            rendering,
            target,
            chosen.weights,
            halvings,
            direction=chosen.direction,
            lpips=chosen.lpips,
        )


def _part(picture: Tensor, corner: tuple[float, float], share: float) -> Tensor:
    """A square of (B, C, S, S), `share` of it a side."""
    side = int(picture.shape[-1] * share)
    top, left = (round(place * (picture.shape[-1] - side)) for place in corner)
    return picture[..., top : top + side, left : left + side]


def _of_both(source: Tensor, driving: Tensor) -> Tensor:
    return (source + driving) / 2
