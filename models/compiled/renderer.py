"""M and G of the planar kind, compiled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, cast

import numpy as np
import torch
from torch import Tensor, nn

from models.appearance import SourceFeatures
from models.checkpoints.activation_ranges import Ranges
from models.compiled.generator import field_parameters, generator
from models.compiled.graph import Array, CompiledGraph, Parameters
from models.compiled.layers import Layers
from models.compiled.motion_field import motion_field
from models.engine_folding import share
from models.engine_precision import FP32
from models.engine_renderer import Renderer
from models.engine_sampling import padded_rows
from models.generator import BlendingGenerator
from models.geometry import keypoint_heatmaps, plane_grid
from models.motion_field import Keypoints
from models.networks import Networks
from models.planar_motion_field import PlanarMotionFieldEstimator

MOTION_FIELD, GENERATOR = "motion_field", "generator"  # of `Networks`


@dataclass(frozen=True, slots=True)
class CompiledSource:
    """What the graphs are given of a source.

    Attributes:
        keypoints: x_s and R_s.
        field, generator: of M and of G, in the order of their parameters.
    """

    keypoints: Keypoints
    field: tuple[Array, ...]
    generator: tuple[Array, ...]


class CompiledRenderer(Renderer):
    """M and G as OpenVINO runs them.

    Args:
        networks: of a planar configuration, in eval mode.
        ranges: of what their convolutions read, for int8; None for fp32.

    What is not made `ready` is compiled when it is called.
    """

    def __init__(self, networks: Networks, ranges: Ranges | None) -> None:
        config = networks.config
        field = cast(PlanarMotionFieldEstimator, networks.motion_field)
        still = cast(BlendingGenerator, networks.generator).still
        self._affine, self._variance = field.affine, field.variance
        self._compress = cast(nn.Conv3d, field.compress)
        self._plane = plane_grid(2 * config.volume_size, torch.device("cpu"))

        keypoints, volume = config.keypoints, config.volume_depth * self._compress.out_channels
        compared = cast(nn.Conv2d, still.merge.conv).in_channels
        self._heat = share(field.heat, FP32, torch.arange(keypoints, 2 * keypoints))
        self._entry = share(field.entry, FP32, torch.arange(volume))
        fine = config.appearance.skip_widths[1]
        self._still = share(still.merge, FP32, torch.arange(compared - fine, compared))
        self._frame = _whole_graph(networks, ranges)
        self._field = _field_graph(networks, ranges)
        self._generator = _generator_graph(networks, ranges)

    def ready(self) -> Self:
        """Compile M and G as one graph.

        Raises:
            RuntimeError: OpenVINO cannot run it here.
        """
        self._frame.ready()
        return self

    def prepare(self, features: SourceFeatures, source: Keypoints) -> CompiledSource:
        """Tables to sample, and the source's shares of convolutions."""
        compressed = self._compress(features.volume)
        skip, fine_skip = features.skips
        heat = keypoint_heatmaps(source.points[..., :2], self._plane, self._variance)
        field = (
            padded_rows(compressed, border=False),
            self._entry(compressed.flatten(1, 2)),
            self._heat(heat),
        )
        generator = (
            padded_rows(features.volume, border=False),
            padded_rows(skip, border=True),
            padded_rows(fine_skip, border=True),
            features.image,
            self._still(fine_skip),
        )
        return CompiledSource(source, _arrays(field), _arrays(generator))

    def frame(self, prepared: CompiledSource, driving: Keypoints) -> Tensor:
        """M and G as one graph."""
        (picture,) = self._frame(*self.inputs(prepared, driving))
        return torch.from_numpy(picture[0])

    def field(self, prepared: CompiledSource, driving: Keypoints) -> tuple[Array, ...]:
        """M alone."""
        return self._field(*self._moving(prepared, driving), *prepared.field)

    def picture(self, prepared: CompiledSource, field: tuple[Array, ...]) -> Tensor:
        """G alone."""
        (picture,) = self._generator(*field, *prepared.generator)
        return torch.from_numpy(picture[0])

    def inputs(self, prepared: CompiledSource, driving: Keypoints) -> tuple[Array, ...]:
        """What M and G as one graph are given."""
        return *self._moving(prepared, driving), *prepared.field, *prepared.generator

    def _moving(self, prepared: CompiledSource, driving: Keypoints) -> tuple[Array, ...]:
        """What M is given of a frame: J and b of eq. 4, and the keypoints."""
        jacobian, offsets = self._affine(prepared.keypoints, driving)
        return _arrays((jacobian[0], offsets[0], driving.points[0]))


def _whole_graph(networks: Networks, ranges: Ranges | None) -> CompiledGraph:
    parameters = Parameters()
    field = motion_field(networks, Layers(MOTION_FIELD, ranges), parameters)
    picture = generator(networks, field, Layers(GENERATOR, ranges), parameters)
    return CompiledGraph([picture], parameters)


def _field_graph(networks: Networks, ranges: Ranges | None) -> CompiledGraph:
    parameters = Parameters()
    return CompiledGraph(
        motion_field(networks, Layers(MOTION_FIELD, ranges), parameters), parameters
    )


def _generator_graph(networks: Networks, ranges: Ranges | None) -> CompiledGraph:
    parameters = Parameters()
    field = field_parameters(networks.config, parameters)
    picture = generator(networks, field, Layers(GENERATOR, ranges), parameters)
    return CompiledGraph([picture], parameters)


def _arrays(tensors: Sequence[Tensor]) -> tuple[Array, ...]:
    """Tensors of which a graph is called, fp32 in C order."""
    return tuple(np.ascontiguousarray(tensor.detach().float().numpy()) for tensor in tensors)
