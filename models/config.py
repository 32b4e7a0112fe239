"""The shape of every network in named configurations.

Symbols as in the paper: K keypoints, C channels and D depth planes of the feature volume.
"""

import dataclasses
import json
import sys
import types
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from models.facial_landmarks import LANDMARKS

IMAGE_CHANNELS = 3
POSE_BINS = 66
DEGREES_A_BIN = 3.0

# The number beside a type is the least value of a number or the least length of a tuple.
Size = Annotated[int, 1]
Count = Annotated[int, 0]
Variance = Annotated[float, 1e-6]
Widths = Annotated[tuple[Size, ...], 1]


@dataclass(frozen=True)
class AppearanceConfig:
    """F: image to feature volume.

    Attributes:
        widths: channels after the stem and after each halving of the plane.
        stem_kernel: side of the first convolution.
        plane_blocks: residual blocks on the last plane, before it is cut into a volume.
        volume_blocks: 3-D residual blocks on the volume.
        skip_widths: channels kept of the last halvings' inputs (coarse to fine), for a generator
            that also warps features of the source; empty for the paper's generator.
    """

    widths: Widths
    stem_kernel: Size
    plane_blocks: Count
    volume_blocks: Count
    skip_widths: tuple[Size, ...] = ()


@dataclass(frozen=True)
class CanonicalConfig:
    """L: image, scaled to `input_size`, to K canonical keypoints.

    Attributes:
        planar: decode with 2-D convolutions, depth folded into the last layer's channels.
        head_kernel: side of the last convolution.
    """

    input_size: Size
    down_widths: Widths
    up_widths: Widths
    head_kernel: Size
    planar: bool = False


@dataclass(frozen=True)
class MotionEncoderConfig:
    """H and Δ: image to pose and deformations.

    Attributes:
        stages: (channels, bottleneck blocks) of each resolution.
        bottleneck: factor by which a block narrows its 3x3 convolution.
        shared_backbone: one backbone for H and Δ, as the public implementations have it.
        first_bin: angle of bin 0 in degrees. The paper gives none; -97.5 puts the bins around
            zero, so that equal logits mean 0 degrees.
        input_size: side at which frames are seen; 0 takes them as they are (the paper).
        landmarks: places of the face that are found first, each in a heat map of its own, and
            from which motion is read; 0 reads it from the averaged plane alone (the paper).
        landmark_width: channels of the planes that the heat maps are made from.
        looks_twice: in use, the motion is the mean of what is seen in a picture and in its mirror
            image, which has less noise; for 68 landmarks, and keypoints that they guide.

    Raises:
        ValueError: looks_twice with other landmarks.
    """

    stem_width: Size
    stages: Annotated[tuple[tuple[Size, Size], ...], 1]
    bottleneck: Size
    shared_backbone: bool
    first_bin: float = -97.5
    input_size: Count = 0
    landmarks: Count = 0
    landmark_width: Count = 0
    looks_twice: bool = False

    def __post_init__(self) -> None:
        if self.looks_twice and self.landmarks != LANDMARKS:
            raise ValueError(
                f"looks_twice takes the {LANDMARKS} landmarks of iBUG, not {self.landmarks}"
            )


@dataclass(frozen=True)
class MotionFieldConfig:
    """M: keypoints and volume to flow, masks and occlusion.

    Attributes:
        planar: 2-D convolutions with depth folded into channels, and a surface flow beside the
            volume's flow.
        compressed_channels: channels of the volume as M sees it.
        heatmap_variance: variance of the keypoint gaussians, in squared half images.
        mask_kernel: side of the convolution that gives the masks.
        keeps_input: concatenate the input once more before the masks (the public code).
        surface_widths: channels of the two finer layers of the planar field.
    """

    down_widths: Widths
    up_widths: Widths
    compressed_channels: Size
    heatmap_variance: Variance
    mask_kernel: Size = 7
    planar: bool = False
    keeps_input: bool = False
    surface_widths: tuple[Count, Count] = (0, 0)


@dataclass(frozen=True)
class GeneratorConfig:
    """G: warped volume to image.

    Attributes:
        widths: channels at the volume's plane and after each doubling.
        blocks: residual blocks at the volume's plane.
        blending: also warp the source image and its features by the surface flow and blend them
            with what is generated through a learned mask.
    """

    widths: Widths
    blocks: Count
    blending: bool = False


@dataclass(frozen=True)
class ModelConfig:
    """One model: all networks that two ends of a call must have in common.

    Attributes:
        image_size: side of the square image in pixels.
        volume_channels, volume_depth, volume_size: C, D and H' = W' of the feature volume. One of
            a single plane is warped within it: keypoints and flows lose their depth.
        canonical: None for keypoints that are found in every picture as they are: there is no
            head pose then, and the motion encoder's deformations are the keypoints.
        rotation_in_flow: J = R_s R_d^-1 in eq. 4; False for checkpoints trained without it.
        scale_in_flow: J also scales, by how much larger the source's head is; not in the paper.
        spectral_norm: on all layers of F, M and G, as the paper trains them.
    """

    name: str
    image_size: Size
    keypoints: Size
    volume_channels: Size
    volume_depth: Size
    volume_size: Size
    appearance: AppearanceConfig
    canonical: CanonicalConfig | None
    motion_encoder: MotionEncoderConfig
    motion_field: MotionFieldConfig
    generator: GeneratorConfig
    rotation_in_flow: bool = True
    scale_in_flow: bool = False
    spectral_norm: bool = False

    def to_json(self) -> str:
        """The configuration as canonical JSON (sorted keys), for fingerprints and files."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelConfig":
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is not JSON, or a field is missing, unknown, of a wrong kind or
                too small; the message names it.
        """
        config: ModelConfig = _read(cls, json.loads(text), "config")
        return config


def _read(kind: Any, value: Any, where: str) -> Any:
    """A value of JSON as the kind that a field is annotated with."""
    if isinstance(kind, types.UnionType):  # of a kind and None
        return None if value is None else _read(get_args(kind)[0], value, where)
    if get_origin(kind) is Annotated:
        bare, least = get_args(kind)
        read = _read(bare, value, where)
        if (len(read) if isinstance(read, tuple) else read) < least:
            raise ValueError(f"{where} is {value!r}, the least is {least}")
        return read
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, dict):
        kinds = get_type_hints(kind, include_extras=True)
        required = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
        for problem, names in (
            ("lacks", required - value.keys()),
            ("has unknown", value.keys() - kinds.keys()),
        ):
            if names:
                raise ValueError(f"{where} {problem} {', '.join(sorted(names))}")
        return kind(
            **{name: _read(kinds[name], item, f"{where}.{name}") for name, item in value.items()}
        )
    if get_origin(kind) is tuple and isinstance(value, list):
        kinds_inside = get_args(kind)
        if kinds_inside[-1] is Ellipsis:
            kinds_inside = kinds_inside[:1] * len(value)
        if len(value) == len(kinds_inside):
            return tuple(_read(*pair, where) for pair in zip(kinds_inside, value, strict=True))
    if kind is float:
        fits = type(value) in (int, float) and abs(value) <= sys.float_info.max
    else:
        fits = type(value) is kind  # True is no int
    if fits:
        return value
    raise ValueError(f"{where} cannot be {value!r}")


_PAPER_CANONICAL = CanonicalConfig(
    input_size=64,
    down_widths=(64, 128, 256, 512, 1024),
    up_widths=(512, 256, 128, 64, 32),
    head_kernel=7,
)

_PAPER_256 = ModelConfig(
    name="paper-256",
    image_size=256,
    keypoints=20,
    volume_channels=32,
    volume_depth=16,
    volume_size=64,
    appearance=AppearanceConfig(
        widths=(64, 128, 256), stem_kernel=7, plane_blocks=0, volume_blocks=6
    ),
    canonical=_PAPER_CANONICAL,
    motion_encoder=MotionEncoderConfig(
        stem_width=64,
        stages=((256, 3), (512, 4), (1024, 6), (2048, 3)),
        bottleneck=4,
        shared_backbone=False,
    ),
    motion_field=MotionFieldConfig(
        down_widths=(64, 128, 256, 512, 1024),
        up_widths=(512, 256, 128, 64, 32),
        compressed_channels=4,
        heatmap_variance=0.01,
    ),
    generator=GeneratorConfig(widths=(256, 128, 64), blocks=6),
    spectral_norm=True,
)

_PAPER_512 = dataclasses.replace(_PAPER_256, name="paper-512", image_size=512, volume_size=128)

_VOX_256 = dataclasses.replace(
    _PAPER_256,
    name="vox-256",
    keypoints=15,
    appearance=dataclasses.replace(_PAPER_256.appearance, stem_kernel=3),
    canonical=dataclasses.replace(_PAPER_CANONICAL, head_kernel=3),
    motion_encoder=dataclasses.replace(
        _PAPER_256.motion_encoder, shared_backbone=True, first_bin=-99.0
    ),  # the public code reads an angle as 3 sum(p * i) - 99
    motion_field=dataclasses.replace(_PAPER_256.motion_field, keeps_input=True),
    rotation_in_flow=False,  # the public checkpoints were trained without J
    spectral_norm=False,
)

_LITE_256 = ModelConfig(
    name="lite-256",
    image_size=256,
    keypoints=20,
    volume_channels=32,
    volume_depth=8,
    volume_size=32,
    appearance=AppearanceConfig(
        widths=(16, 32, 64, 192),
        stem_kernel=5,
        plane_blocks=1,
        volume_blocks=0,
        skip_widths=(48, 24),
    ),
    canonical=CanonicalConfig(
        input_size=64,
        down_widths=(32, 64, 128, 256, 256),
        up_widths=(160, 96, 64),
        head_kernel=3,
        planar=True,
    ),
    motion_encoder=MotionEncoderConfig(
        stem_width=32,
        stages=((96, 2), (160, 3), (256, 2)),
        bottleneck=2,
        shared_backbone=True,
        input_size=128,
        landmarks=LANDMARKS,
        landmark_width=96,
        looks_twice=True,
    ),
    motion_field=MotionFieldConfig(
        down_widths=(96, 128, 192),
        up_widths=(128, 96),
        compressed_channels=4,
        heatmap_variance=0.0015,
        mask_kernel=3,
        planar=True,
        surface_widths=(48, 48),
    ),
    generator=GeneratorConfig(widths=(160, 80, 40), blocks=3, blending=True),
    scale_in_flow=True,
)

# lite-256 for pictures of half the side: its ablations train in minutes.
_LITE_128 = dataclasses.replace(_LITE_256, name="lite-128", image_size=128, volume_size=16)


def ablations(config: ModelConfig) -> list[ModelConfig]:
    """The configuration and what stands beside it, all else as it is.

    That is what the paper's table 5 compares and, where the generator blends, the paper's plain
    one of like size.
    """

    def other(ending: str, **changes: Any) -> ModelConfig:
        return dataclasses.replace(config, name=f"{config.name}-{ending}", **changes)

    channels = config.volume_channels * config.volume_depth
    widths = config.generator.widths
    plain = dataclasses.replace(config.generator, blending=False, widths=(*widths, widths[-1] // 2))
    return [
        config,
        other("direct", canonical=None),
        other("flat", volume_channels=channels, volume_depth=1),
        other("15", keypoints=15),
        other("10", keypoints=10),
        *([other("plain", generator=plain)] if config.generator.blending else []),
    ]


CONFIGS: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        *(_LITE_256, *ablations(_PAPER_256), _PAPER_512, _VOX_256),
        *ablations(_LITE_128),
    )
}
DEFAULT_CONFIG = "lite-256"
