"""What a training run optimises and how: losses, weights, learning rate, in named recipes."""

import ast
import dataclasses
from dataclasses import dataclass, field
from typing import Any

from confapp.errors import ConfappError

# Pixels a side; block 5 of VGG halves a picture four times.
SMALLEST_LOOKED_AT = 16

KEYPOINT_NETWORKS = ("canonical", "motion_encoder")
RENDERERS = ("appearance", "motion_field", "generator")
NETWORKS = (*KEYPOINT_NETWORKS, *RENDERERS)


class SettingError(ConfappError):
    """A setting that does not exist or cannot have that value."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """The share of each loss in the total; 0 leaves a loss out, and its cost.

    Attributes:
        perceptual: L_P on the whole picture.
        face_perceptual: L_P's single-scale face term, on the face cut out by its landmarks.
        detail_perceptual: the same on cut-out eyes and mouth (not in the paper).
        seen_expression: landmarks of eyes and mouth found in the rendering (not in the paper).
        identity: the person as a recogniser sees them in the rendering (not in the paper).
        adversarial, feature_matching: the two parts of L_G.
        equivariance: L_E.
        keypoint_prior: L_L.
        head_pose: L_H, in radians.
        deformation_prior: L_Delta.
        picture: L1 of the picture, weighted up at eyes and mouth (not in the paper).
        warped_picture: the same on the warped source alone, where the generator blends.
        still_share: where the generator blends, which pixels stand still (not in the paper).
        optical_flow: where the generator blends, the surface flow drawn to where optical flow
            finds the driver's pixels (not in the paper).
        landmark_guide: keypoints drawn to landmarks (not in the paper).
        canonical_guide: canonical keypoints as on a frontal face (not in the paper).
        landmarks: the landmarks that the motion encoder itself finds (not in the paper).
    """

    perceptual: float = 10.0
    face_perceptual: float = 0.0
    detail_perceptual: float = 0.0
    seen_expression: float = 0.0
    identity: float = 0.0
    adversarial: float = 1.0
    feature_matching: float = 10.0
    equivariance: float = 20.0
    keypoint_prior: float = 10.0
    head_pose: float = 20.0
    deformation_prior: float = 5.0
    picture: float = 0.0
    warped_picture: float = 0.0
    still_share: float = 0.0
    optical_flow: float = 0.0
    landmark_guide: float = 0.0
    canonical_guide: float = 0.0
    landmarks: float = 0.0


@dataclass(frozen=True, slots=True)
class PerceptualSettings:
    """Which features the perceptual loss compares.

    Attributes:
        layers: of VGG16 or VGG19, shallow to deep, each with its weight.
        halvings: scales of the whole picture; 0 is full size, 1 half, ...
        direction: weight of the distance between features of length 1, as LPIPS compares them.
        lpips: weight of LPIPS itself, for a file that has its heads and with its five layers.
        part: side of the square of the whole picture that is compared, elsewhere each step, as a
            share of its side; half of it costs a quarter.
    """

    layers: tuple[tuple[str, float], ...] = (
        ("relu1_1", 1 / 32),
        ("relu2_1", 1 / 16),
        ("relu3_1", 1 / 8),
        ("relu4_1", 1 / 4),
        ("relu5_1", 1.0),
    )
    halvings: tuple[int, ...] = (0, 1, 2, 3)
    direction: float = 0.0
    lpips: float = 0.0
    part: float = 1.0

    def __post_init__(self) -> None:
        if not all(
            isinstance(layer, tuple) and [type(part) for part in layer] == [str, float]
            for layer in self.layers
        ):
            raise SettingError(
                "setting-invalid",
                "perceptual.layers are pairs of a name and a weight, as in (('relu1_1', 1.0),)",
            )
        if not 0 < self.part <= 1:
            raise SettingError("setting-invalid", "perceptual.part is a share, more than 0 to 1")

    @property
    def names(self) -> tuple[str, ...]:
        """The layers without their weights."""
        return tuple(name for name, _ in self.layers)

    @property
    def weights(self) -> tuple[float, ...]:
        """One weight a layer."""
        return tuple(weight for _, weight in self.layers)


@dataclass(frozen=True, slots=True)
class DataMix:
    """Shares of the kinds of footage among the pairs; kinds that are not there drop out."""

    clips: float = 0.76
    people: float = 0.14
    stills: float = 0.10


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One recipe, with the run's own choices.

    Attributes:
        recipe: the name it started from.
        weights: of the losses.
        perceptual: what the perceptual loss compares.
        mix: what the pairs are drawn from.
        frozen: networks (of `models.networks.Networks`), or parts of them as in
            ``generator.blocks``, that stay as they are. With appearance,
            motion_field and generator frozen no picture is rendered: keypoints and head pose
            alone are learned, from many more frames a second.
        frozen_statistics: batch norm takes the averages that it has, as it does in a call, and not
            the batch's own: for weights that have been trained, and batches that are small.
        adversarial_start: step from which the discriminator trains and judges.
        keypoint_distance: D_t of the keypoint prior, squared half images; 0 leaves its depth.
        keypoint_dropout: share of samples whose last deformations are left out.
        blend_dropout: share of samples that a blending generator paints without the source's
            pixels, so that it learns to paint even where the source usually serves.
        learning_rate: of Adam, until the decay begins.
        keypoint_rate: the learning rate of canonical and motion_encoder as a share of that; less
            than 1 for those that the keypoint recipe has trained before.
        betas: of Adam.
        decay_share: last part of the run over which the learning rate falls, 0 to 1.
        gradient_limit: largest norm of the gradient of each network.
        average_decay: of the exponential average of the weights, a step.
        batch: pairs a step and process.
        image_size: side of the pictures trained on.
        seed: of weights, sampling and every random draw.
    """

    recipe: str
    weights: LossWeights = field(default_factory=LossWeights)
    perceptual: PerceptualSettings = field(default_factory=PerceptualSettings)
    mix: DataMix = field(default_factory=DataMix)
    frozen: tuple[str, ...] = ()
    frozen_statistics: bool = False
    adversarial_start: int = 0
    keypoint_distance: float = 0.1
    keypoint_dropout: float = 0.5
    blend_dropout: float = 0.0
    learning_rate: float = 2e-4
    keypoint_rate: float = 1.0
    betas: tuple[float, float] = (0.5, 0.999)
    decay_share: float = 0.4
    gradient_limit: float = 10.0
    average_decay: float = 0.999
    batch: int = 8
    image_size: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        strangers = {name.partition(".")[0] for name in self.frozen} - set(NETWORKS)
        if strangers or set(self.frozen) == set(NETWORKS):
            raise SettingError(
                "setting-invalid",
                f"frozen names some of {', '.join(NETWORKS)} or parts of them, "
                f"not {', '.join(self.frozen)}",
            )
        if self.batch < 1:
            raise SettingError("setting-invalid", "batch must be 1 or more")
        if self.image_size < 64 or self.image_size % 32:
            raise SettingError(
                "setting-invalid", "image_size must be a multiple of 32, and 64 or more"
            )
        looked_at = int(self.image_size * self.perceptual.part)
        smallest = looked_at // 2 ** max(self.perceptual.halvings, default=0)
        if self.looks_at_features and smallest < SMALLEST_LOOKED_AT:
            raise SettingError(
                "setting-invalid",
                f"{looked_at} pixels a side are too few for perceptual.halvings "
                f"{self.perceptual.halvings}: {SMALLEST_LOOKED_AT} pixels must be left",
            )
        for name in ("decay_share", "keypoint_dropout", "blend_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError("setting-invalid", f"{name} is a share, 0 to 1")

    @property
    def renders(self) -> bool:
        """Whether pictures are made at all."""
        return not set(RENDERERS) <= set(self.frozen)

    @property
    def looks_at_features(self) -> bool:
        """Whether a feature network is of use."""
        if not self.renders:
            return False
        weights = self.weights
        return max(weights.perceptual, weights.face_perceptual, weights.detail_perceptual) > 0

    @property
    def has_discriminator(self) -> bool:
        """Whether a discriminator is trained at any step."""
        if not self.renders:
            return False
        return self.weights.adversarial > 0 or self.weights.feature_matching > 0

    def judged(self, step: int) -> bool:
        """Whether the discriminator takes part in this step."""
        return self.has_discriminator and step >= self.adversarial_start

    def without_canonical(self) -> "TrainingSettings":
        """The same for keypoints that are found as they are.

        There is no head pose to be told, no canonical place to be drawn to, and the deformations
        are places, which neither belong near 0 nor may be left out.
        """
        weights = dataclasses.replace(
            self.weights, head_pose=0.0, deformation_prior=0.0, canonical_guide=0.0
        )
        return dataclasses.replace(self, weights=weights, keypoint_dropout=0.0)

    def changed(self, assignment: str) -> "TrainingSettings":
        """The same settings but for one, given as ``learning_rate=1e-4``.

        Parts are reached by a dot: ``weights.perceptual=5``, ``perceptual.halvings=(0, 1)``.

        Raises:
            SettingError: no such setting, or a value of another kind.
        """
        path, sign, text = assignment.partition("=")
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError) as error:
            raise SettingError(
                "setting-invalid",
                f"{assignment!r} is no setting; write NAME=VALUE, as in weights.picture=5",
            ) from error
        if not sign:
            raise SettingError("setting-invalid", f"{assignment!r} has no value; write NAME=VALUE")
        changed: TrainingSettings = _changed(self, path.strip().split("."), value, assignment)
        return changed


def _changed(part: Any, path: list[str], value: Any, assignment: str) -> Any:
    name, *rest = path
    known = [item.name for item in dataclasses.fields(part)]
    if name not in known:
        raise SettingError(
            "setting-unknown", f"{assignment!r}: there is no {name!r}; there are {', '.join(known)}"
        )
    old = getattr(part, name)
    if dataclasses.is_dataclass(old):
        if not rest:
            raise SettingError(
                "setting-invalid", f"{assignment!r}: {name} has parts; write {name}.PART=VALUE"
            )
        value = _changed(old, rest, value, assignment)
    elif isinstance(old, float) and type(value) is int:
        value = float(value)
    if rest and not dataclasses.is_dataclass(old):
        raise SettingError("setting-unknown", f"{assignment!r}: {name} has no parts")
    if type(value) is not type(old):
        raise SettingError(
            "setting-invalid",
            f"{assignment!r}: {name} is a {type(old).__name__}, not a {type(value).__name__}",
        )
    return dataclasses.replace(part, **{name: value})


# The paper's losses and weights (its face term takes the feature network that is given).
_PAPER = TrainingSettings(
    recipe="paper", weights=LossWeights(face_perceptual=10.0), decay_share=0.0
)

# For few data and little compute: guided keypoints, pictures compared directly, a light feature
# network; a discriminator only when its weights are set.
_GUIDED = TrainingSettings(
    recipe="guided",
    weights=LossWeights(
        perceptual=1.0,
        face_perceptual=1.0,
        adversarial=0.0,
        feature_matching=0.0,
        equivariance=0.0,
        keypoint_prior=0.0,  # the canonical guide says where and how deep
        head_pose=3.0,
        deformation_prior=1.5,
        picture=10.0,
        warped_picture=5.0,
        still_share=10.0,
        landmark_guide=10.0,
        canonical_guide=10.0,
        landmarks=10.0,
    ),
    perceptual=PerceptualSettings(
        # alike in size on pairs of real frames
        layers=(("relu1_2", 1.0), ("relu2_2", 0.5), ("relu3_3", 0.4), ("relu4_3", 1.0)),
        halvings=(1,),
    ),
    keypoint_distance=0.0,
    keypoint_dropout=0.25,
    learning_rate=4e-4,
    betas=(0.5, 0.99),
)

# Before the guided recipe: keypoints and head pose by their labels alone.
_KEYPOINTS = dataclasses.replace(
    _GUIDED,
    recipe="keypoints",
    frozen=RENDERERS,
    keypoint_dropout=0.0,
    learning_rate=1e-3,
    batch=16,
    image_size=128,
)

RECIPES: dict[str, TrainingSettings] = {
    recipe.recipe: recipe for recipe in (_PAPER, _GUIDED, _KEYPOINTS)
}


def recipe(name: str) -> TrainingSettings:
    """A recipe by name.

    Raises:
        SettingError: there is none of that name.
    """
    if name not in RECIPES:
        raise SettingError(
            "recipe-unknown", f"there is no recipe {name!r}; there are {', '.join(RECIPES)}"
        )
    return RECIPES[name]


def default_recipe(planar: bool) -> str:
    """`guided` for the networks made for a CPU (planar motion field), else the paper's."""
    return "guided" if planar else "paper"
