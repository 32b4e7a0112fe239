"""The planar networks as OpenVINO graphs, for CPUs: a frame without the interpreter in between."""

import sys
from importlib.util import find_spec

from models.config import ModelConfig

# OpenVINO tells its maker that it was imported, where it finds this; it does without.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]


def compiles(config: ModelConfig) -> bool:
    """Whether OpenVINO is here, and all networks that a frame passes are of the kind that it gets.

    Only this package's modules import it, and nothing imports those where this is False.
    """
    return (
        find_spec("openvino") is not None
        and config.motion_field.planar
        and config.generator.blending
        and config.motion_encoder.landmarks > 0
    )
