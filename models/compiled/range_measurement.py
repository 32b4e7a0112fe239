"""In which ranges the numbers lie that convolutions of M and G read."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.checkpoints.activation_ranges import Ranges
from models.checkpoints.checkpoint import Checkpoint
from models.compiled.generator import generator
from models.compiled.graph import CompiledGraph, Parameters
from models.compiled.layers import Layers
from models.compiled.motion_field import motion_field
from models.compiled.renderer import GENERATOR, MOTION_FIELD, CompiledRenderer
from models.eager_reference import EagerReference, placed

# Percent of the frames that reach beyond a layer's range, at either end. The widest of many makes
# levels coarser for all others.
CUT_OFF = 1.0


class RangeMeasurement:
    """The extremes of each layer, frame by frame, in fp32.

    Args:
        checkpoint: of a configuration that `models.compiled.compiles`.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        networks = checkpoint.networks().eval().requires_grad_(requires_grad=False)
        self._reference = EagerReference(checkpoint)
        self._renderer = CompiledRenderer(networks, None)
        parameters = Parameters()
        layers = Layers(MOTION_FIELD), Layers(GENERATOR)
        field = motion_field(networks, layers[0], parameters)
        generator(networks, field, layers[1], parameters)
        self._names = [name for one in layers for name in one.read]
        self._extremes = CompiledGraph([one.extremes() for one in layers], parameters)
        self._found: list[NDArray[np.float32]] = []

    @torch.inference_mode()
    def add(self, source: Tensor, drivers: Sequence[Tensor]) -> None:
        """A photo and frames of the same person, (1, 3, H, W) in [0, 1] each."""
        seen = self._reference.source(source)
        prepared = self._renderer.prepare(seen.features, seen.keypoints)
        for driver in drivers:
            driving = placed(seen.canonical, self._reference.motion(driver))
            inputs = self._renderer.inputs(prepared, driving)
            self._found.append(np.concatenate(self._extremes(*inputs)))

    @property
    def frames(self) -> int:
        """How many were added."""
        return len(self._found)

    def ranges(self) -> Ranges:
        """Of each layer, wide enough for all but a few frames.

        Raises:
            ValueError: there was none.
        """
        found = np.stack(self._found)  # frames x layers x 2
        least = np.percentile(found[..., 0], CUT_OFF, axis=0).tolist()
        most = np.percentile(found[..., 1], 100 - CUT_OFF, axis=0).tolist()
        return dict(zip(self._names, zip(least, most, strict=True), strict=True))
