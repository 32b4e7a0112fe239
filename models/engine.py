"""The inference engine: the networks of a model as this machine runs them best."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from models.appearance import SourceFeatures
from models.engine_compilation import GraphedOnGpu
from models.engine_folding import convolved, folded
from models.engine_plan import EnginePlan
from models.engine_quantised import between
from models.engine_renderer import renderer_of
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.motion_encoder import Motion, MotionEncoder
from models.motion_field import Keypoints
from models.networks import Networks


@dataclass(frozen=True, slots=True)
class PreparedSource:
    """What the engine keeps of a source; only its own engine can read it."""

    kept: Any


class Engine:
    """F, L, H and Δ, M, G, ready to run. Any thread may use it.

    F and L run once a photo, in fp32: everything after them rests on what they say. H and Δ, M
    and G run for every frame, their convolutions in the plan's type; in int8 keypoints were off by
    a pixel, so H and Δ are in fp32 where M and G are in that.

    Args:
        networks: the model; not kept.
        plan: device and type.
    """

    def __init__(self, networks: Networks, plan: EnginePlan) -> None:
        self.plan = plan
        networks = networks.to(plan.device).eval().requires_grad_(False)
        self._appearance = folded(networks.appearance, torch.float32)
        self._canonical = folded(networks.canonical, torch.float32)
        self._motion_encoder = _motion_encoder(networks.motion_encoder, between(plan.dtype))
        self._renderer = renderer_of(networks, plan.dtype)
        self._rendered = GraphedOnGpu(self._field_and_picture, plan.device)

    def motion(self, image: Tensor) -> Motion:
        """H and Δ: (1, 3, H, W) in [0, 1] -> `Motion`."""
        motion: Motion = self._motion_encoder(image)
        return motion

    def canonical(self, image: Tensor) -> Tensor:
        """L: (1, 3, H, W) in [0, 1] -> (1, K, 3)."""
        points: Tensor = self._canonical(image)
        return points

    def appearance(self, image: Tensor) -> SourceFeatures:
        """F: (1, 3, H, W) in [0, 1] -> `SourceFeatures`."""
        features: SourceFeatures = self._appearance(image)
        return features

    def prepare(self, features: SourceFeatures, source: Keypoints) -> PreparedSource:
        """Everything of M and G that depends on the source alone."""
        return PreparedSource(self._renderer.prepare(features, source))

    def render(self, source: PreparedSource, driving: Keypoints) -> Tensor:
        """M and G: (H, W, 3) uint8, on the CPU."""
        return _on_cpu(self._rendered(source, driving))

    def field(self, source: PreparedSource, driving: Keypoints) -> Any:
        """M alone: what `picture` takes."""
        return self._renderer.field(source.kept, driving)

    def picture(self, source: PreparedSource, field: Any) -> Tensor:
        """G alone: (H, W, 3) uint8, where the engine runs."""
        return (self._renderer.picture(source.kept, field) * 255).round_().to(torch.uint8)

    def _field_and_picture(self, source: PreparedSource, driving: Keypoints) -> Tensor:
        return self.picture(source, self.field(source, driving))


class _InFullPrecision(nn.Module):
    """A network whose result goes on in fp32."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.width = network.width

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.network(x)
        return y.float()


def _motion_encoder(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """H and Δ; the numbers are read from the planes in fp32."""
    ready = folded(network, dtype)
    if isinstance(ready, LandmarkMotionEncoder):
        head = cast(LandmarkMotionEncoder, network).finder.head
        ready.finder.head = convolved(head, torch.float32)
    elif isinstance(ready, MotionEncoder):
        ready.backbone = _InFullPrecision(ready.backbone)  # type: ignore[assignment]
        if ready.expression_backbone is not None:
            ready.expression_backbone = _InFullPrecision(  # type: ignore[assignment]
                ready.expression_backbone
            )
    return ready


def _on_cpu(pixels: Tensor) -> Tensor:
    """Bring a picture from the GPU through page-locked memory, which needs no second copy."""
    if not pixels.is_cuda:
        return pixels
    landing = torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True)
    landing.copy_(pixels, non_blocking=True)
    torch.cuda.current_stream(pixels.device).synchronize()
    return landing
