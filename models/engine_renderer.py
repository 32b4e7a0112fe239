"""M and G in the form in which a model's networks run."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from models.appearance import SourceFeatures
from models.checkpoints.activation_ranges import Ranges
from models.config import ModelConfig
from models.engine_blending import Blending, BlendingSource
from models.engine_folding import folded
from models.engine_plan import EnginePlan
from models.engine_planar_field import FieldMatrices, FieldSource, PlanarField
from models.engine_precision import Precision
from models.generator import BlendingGenerator
from models.motion_field import Keypoints, MotionField
from models.networks import Networks
from models.planar_motion_field import PlanarMotionFieldEstimator


class Renderer(Protocol):
    """M and G, ready to run."""

    def prepare(self, features: SourceFeatures, source: Keypoints) -> Any:
        """All that depends on the source alone; made once a source."""

    def frame(self, prepared: Any, driving: Keypoints) -> Tensor:
        """M and G: (H, W, 3) uint8."""
        return self.picture(prepared, self.field(prepared, driving))

    def field(self, prepared: Any, driving: Keypoints) -> Any:
        """M alone: what `picture` takes."""

    def picture(self, prepared: Any, field: Any) -> Tensor:
        """G alone: (H, W, 3) uint8."""


@dataclass(frozen=True, slots=True)
class PlanarSource:
    """What M and G of the planar kind keep of a source."""

    field: FieldSource
    generator: BlendingSource


class PlanarRenderer(Renderer):
    """The planar motion field with the blending generator, written out for speed."""

    def __init__(self, networks: Networks, precision: Precision) -> None:
        field = cast(PlanarMotionFieldEstimator, networks.motion_field)
        generator = cast(BlendingGenerator, networks.generator)
        depth, size = networks.config.volume_depth, networks.config.volume_size
        self._field = PlanarField(field, size, precision)
        self._generator = Blending(generator, depth, size, precision)

    def prepare(self, features: SourceFeatures, source: Keypoints) -> PlanarSource:
        """Tables to sample, and the source's shares of convolutions."""
        return PlanarSource(
            self._field.prepare(features.volume, source), self._generator.prepare(features)
        )

    def field(self, prepared: PlanarSource, driving: Keypoints) -> FieldMatrices:
        """M."""
        return self._field.field(prepared.field, driving)

    def picture(self, prepared: PlanarSource, field: FieldMatrices) -> Tensor:
        """G."""
        return _as_bytes(self._generator.picture(prepared.generator, field))


class FoldedRenderer(Renderer):
    """Any M and G: their own code over folded convolutions.

    Between the convolutions everything is in fp32, as the networks compute it; each convolution
    takes its input to its own type.
    """

    def __init__(self, networks: Networks, precision: Precision) -> None:
        self._dtype, self._device = precision.dtype, next(networks.parameters()).device.type
        self._field = folded(networks.motion_field, precision)
        self._generator = folded(networks.generator, precision)

    def prepare(
        self, features: SourceFeatures, source: Keypoints
    ) -> tuple[SourceFeatures, Keypoints]:
        """The features as they are."""
        return features, source

    def field(self, prepared: tuple[SourceFeatures, Keypoints], driving: Keypoints) -> MotionField:
        """M."""
        features, source = prepared
        with self._precision():
            field: MotionField = self._field(features.volume, source, driving)
        return field

    def picture(self, prepared: tuple[SourceFeatures, Keypoints], field: MotionField) -> Tensor:
        """G."""
        with self._precision():
            image: Tensor = self._generator(prepared[0], field)
        return _as_bytes(image[0].permute(1, 2, 0))

    def _precision(self) -> torch.autocast:
        return torch.autocast(self._device, self._dtype, self._dtype is not torch.float32)


def renderer_of(networks: Networks, plan: EnginePlan, ranges: Ranges | None = None) -> Renderer:
    """The fastest form there is for a configuration.

    Args:
        plan: with `compiled` only where `models.compiled.compiles` the configuration.
        ranges: for int8, if `compiled`.

    Raises:
        ValueError: the plan wants ranges.
        RangesError: they lack a layer.
        RuntimeError: OpenVINO cannot run the networks here.
    """
    if plan.compiled:
        from models.compiled.renderer import CompiledRenderer  # noqa: PLC0415 (not everywhere)

        if plan.precision.quantised and ranges is None:
            raise ValueError("to run in bytes, OpenVINO needs the model's ranges")
        return CompiledRenderer(networks, ranges if plan.precision.quantised else None).ready()
    kind = PlanarRenderer if _is_planar(networks.config) else FoldedRenderer
    return kind(networks, plan.precision)


def _as_bytes(picture: Tensor) -> Tensor:
    """[0, 1] -> uint8."""
    return (picture * 255).round_().to(torch.uint8)


def _is_planar(config: ModelConfig) -> bool:
    return config.motion_field.planar and config.generator.blending
