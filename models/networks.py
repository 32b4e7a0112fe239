"""The generator side as one module: F, L, H and Δ, M, G of one configuration."""

from torch import nn

from models.appearance import AppearanceExtractor
from models.blocks import add_spectral_norm
from models.canonical import CanonicalDetector, NoCanonical
from models.config import ModelConfig
from models.generator import BlendingGenerator, Generator
from models.landmark_motion_encoder import LandmarkMotionEncoder
from models.motion_encoder import MotionEncoder
from models.motion_field import MotionFieldEstimator
from models.planar_motion_field import PlanarMotionFieldEstimator


class Networks(nn.Module):
    """All networks that a call needs; built with random weights, on the CPU, for training.

    The paper has spectral norm on all layers of the generator side. We take that to be F, M and G,
    which make the picture, and not L, H and Δ, which find keypoints and motion: a choice.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.appearance = AppearanceExtractor(config)
        self.canonical = (
            NoCanonical(config) if config.canonical is None else CanonicalDetector(config)
        )
        finds_landmarks = config.motion_encoder.landmarks > 0
        self.motion_encoder = (
            LandmarkMotionEncoder(config) if finds_landmarks else MotionEncoder(config)
        )
        planar, blending = config.motion_field.planar, config.generator.blending
        self.motion_field = (
            PlanarMotionFieldEstimator(config) if planar else MotionFieldEstimator(config)
        )
        self.generator = BlendingGenerator(config) if blending else Generator(config)
        if config.spectral_norm:
            for network in (self.appearance, self.motion_field, self.generator):
                add_spectral_norm(network)
