"""The inference engine: the networks of a model as this machine runs them best."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from models.appearance import SourceFeatures
from models.checkpoints.activation_ranges import Ranges
from models.config import IMAGE_CHANNELS
from models.engine_folding import convolved, folded
from models.engine_graph import Direct, GraphRecorder
from models.engine_plan import EnginePlan
from models.engine_precision import FP32, Precision
from models.engine_renderer import renderer_of
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.motion_encoder import Motion, MotionEncoder
from models.motion_field import Keypoints
from models.networks import Networks


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """What the engine keeps of a source.

    Attributes:
        kept: only its own engine can read it.
        rendered: M and G, keypoints (1, K, 3) and rotation (1, 3, 3) -> (H, W, 3) uint8.
    """

    kept: Any
    rendered: Direct


class Engine:
    """F, L, H and Δ, M, G, ready to run. Any thread may use it.

    F and L run once a photo, in fp32: everything after them rests on what they say. H and Δ, M
    and G run for every frame, by OpenVINO or by torch, their convolutions in the plan's precision;
    in int8 keypoints were off by a pixel, so H and Δ are not quantised where M and G are. Pictures,
    keypoints and motion come from the CPU and go there; what is between stays where the engine
    runs.

    Args:
        networks: the model; not kept.
        plan: device and precision.
        ranges: of what convolutions read, for a plan that is `compiled` and in int8.

    Attributes:
        encoded: H and Δ, (H, W, 3) uint8 -> angles, translation and deformations in a row,
            (6 + 3K,).
    """

    def __init__(self, networks: Networks, plan: EnginePlan, ranges: Ranges | None = None) -> None:
        self.plan = plan
        if plan.device.type == "cuda":
            torch.backends.cudnn.allow_tf32 = False  # fp32 shall be fp32
        size = networks.config.image_size
        networks = networks.to(plan.device).eval().requires_grad_(False)
        self._appearance = folded(networks.appearance, FP32)
        self._canonical = folded(networks.canonical, FP32)
        self._renderer = renderer_of(networks, plan, ranges)
        self._recorder = GraphRecorder(plan.device)
        blank = torch.zeros(size, size, IMAGE_CHANNELS, dtype=torch.uint8)
        self.encoded = self._recorder.ready(_encoder_of(networks, plan), blank)

    def motion(self, picture: Tensor) -> Motion:
        """H and Δ: (H, W, 3) uint8 -> `Motion`, without landmarks."""
        return Motion.of_row(self.encoded(picture))

    def canonical(self, picture: Tensor) -> Tensor:
        """L: (H, W, 3) uint8 -> (1, K, 3)."""
        points: Tensor = self._canonical(_image(picture.to(self.plan.device)))
        return points.cpu()

    def appearance(self, picture: Tensor) -> SourceFeatures:
        """F: (H, W, 3) uint8 -> `SourceFeatures`, where the engine runs."""
        features: SourceFeatures = self._appearance(_image(picture.to(self.plan.device)))
        return features

    def prepare(self, features: SourceFeatures, source: Keypoints) -> PreparedSource:
        """Everything of M and G that depends on the source alone."""
        kept = self._renderer.prepare(features, self._here(source))
        rendered = functools.partial(self._frame, kept)
        return PreparedSource(kept, self._recorder.ready(rendered, source.points, source.rotation))

    def render(self, source: PreparedSource, driving: Keypoints) -> Tensor:
        """M and G: (H, W, 3) uint8."""
        return source.rendered(driving.points, driving.rotation)

    def field(self, source: PreparedSource, driving: Keypoints) -> Any:
        """M alone, without a graph: what `picture` takes, where the engine runs."""
        return self._renderer.field(source.kept, self._here(driving))

    def picture(self, source: PreparedSource, field: Any) -> Tensor:
        """G alone, without a graph: (H, W, 3) uint8, where the engine runs."""
        return self._renderer.picture(source.kept, field)

    def _frame(self, kept: Any, points: Tensor, rotation: Tensor) -> Tensor:
        return self._renderer.frame(kept, Keypoints(points, rotation))

    def _here(self, keypoints: Keypoints) -> Keypoints:
        device = self.plan.device
        return Keypoints(keypoints.points.to(device), keypoints.rotation.to(device))


def _image(picture: Tensor) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in [0, 1]."""
    return picture.permute(2, 0, 1)[None].float() / 255


class _InFullPrecision(nn.Module):
    """A network whose result goes on in fp32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.width = network.width

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.network(x)
        return y.float()


def _encoder_of(networks: Networks, plan: EnginePlan) -> Callable[[Tensor], Tensor]:
    """See `Engine.encoded`."""
    bf16 = plan.precision.dtype is torch.bfloat16
    if plan.compiled:
        from models.compiled.motion_encoder import CompiledMotionEncoder  # noqa: PLC0415

        return CompiledMotionEncoder(
            cast(LandmarkMotionEncoder, networks.motion_encoder),
            networks.config.image_size,
            bf16=bf16,
        )
    encoder = _motion_encoder(networks.motion_encoder, Precision(plan.precision.dtype))

    def numbers(picture: Tensor) -> Tensor:
        motion: Motion = encoder(_image(picture))
        return motion.row()  # one copy to the CPU, not three

    return numbers


def _motion_encoder(network: nn.Module, precision: Precision) -> nn.Module:
    """H and Δ; the numbers are read from the planes in fp32."""
    ready = folded(network, precision)
    if isinstance(ready, LandmarkMotionEncoder):
        head = cast(LandmarkMotionEncoder, network).finder.head
        ready.finder.head = convolved(head, FP32)
    elif isinstance(ready, MotionEncoder):
        ready.backbone = _InFullPrecision(ready.backbone)  # type: ignore[assignment]
        if ready.expression_backbone is not None:
            ready.expression_backbone = _InFullPrecision(  # type: ignore[assignment]
                ready.expression_backbone
            )
    return ready
