"""H and Δ that first find places of the face, and read the motion from them."""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.appearance import resized
from models.blocks import SameBlock, convolution
from models.canonical import SOFTMAX_TEMPERATURE
from models.config import POSE_BINS, ModelConfig, MotionEncoderConfig
from models.geometry import expectation, in_full_precision, plane_grid
from models.mirrored_motion import Mirror
from models.motion_encoder import (
    Backbone,
    Motion,
    averaged,
    bin_angles,
    expected_angles,
    keypoints_alone,
)

# Landmarks lie about an eighth of a half picture from their centre; times this they are about 1,
# so that a layer that reads them learns as fast as one that reads features.
SHAPE_GAIN = 8.0


class LandmarkFinder(nn.Module):
    """Planes of a backbone to places of the face: a heat map each, and its expectation.

    Lips and eyelids move by a pixel or two of 256. An average over the plane blurs that away; the
    expectation of a heat map of 32x32 keeps it.
    """

    def __init__(self, shape: MotionEncoderConfig) -> None:
        super().__init__()
        width = shape.landmark_width
        widths = [channels for channels, _ in shape.stages]
        self.lateral = nn.ModuleList(convolution(2, channels, width, 1) for channels in widths)
        self.blocks = nn.ModuleList(SameBlock(width, width) for _ in widths[1:])
        self.head = convolution(2, width, shape.landmarks, 1)

    def forward(self, planes: list[Tensor]) -> Tensor:
        """Planes from fine to coarse, each half the size of the one before -> (B, n, 2)."""
        *finer, y = (keep(plane) for keep, plane in zip(self.lateral, planes, strict=True))
        for plane, block in zip(reversed(finer), self.blocks, strict=True):
            y = block(F.interpolate(y, scale_factor=2.0) + plane)
        heat = self.head(y).float().flatten(2)  # B x n x pixels
        weights = torch.softmax(heat / SOFTMAX_TEMPERATURE, dim=-1)
        return expectation(weights, plane_grid(y.shape[-1], y.device).flatten(0, 1))


class LandmarkMotionEncoder(nn.Module):
    """H and Δ with one backbone, for keypoints that are guided by landmarks.

    The numbers of the motion are read from the landmarks and the averaged plane by two hidden
    layers, and from the landmarks also directly: a translation is their centre, roll a slope, and
    a deformation one of them less the rest. All of that in full precision, as it is coordinates.

    It looks once while it learns, and twice in use and where it is frozen, see `looks_twice`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.motion_encoder
        self.input_size = shape.input_size
        self.mirror = Mirror(config.keypoints) if shape.looks_twice else None
        self.backbone = Backbone(shape)
        self.finder = LandmarkFinder(shape)
        places, width = 2 * shape.landmarks + 2, self.backbone.width
        sizes = (width + places, width, width)
        known = width + places
        self.hidden = nn.Sequential(
            *(
                nn.Sequential(nn.Linear(cin, cout), nn.ReLU())
                for cin, cout in itertools.pairwise(sizes)
            )
        )
        self.direct = config.canonical is None
        if not self.direct:
            self.yaw = nn.Linear(known, POSE_BINS)
            self.pitch = nn.Linear(known, POSE_BINS)
            self.roll = nn.Linear(known, POSE_BINS)
            self.translation = nn.Linear(known, 3)
        self.deformations = nn.Linear(known, 3 * config.keypoints)
        self.register_buffer("bin_angles", bin_angles(shape), persistent=False)
        self.bin_angles: Tensor

    def forward(self, image: Tensor) -> Motion:
        """(B, 3, H, W) in [0, 1] -> `Motion` with its landmarks."""
        if self.training or self.mirror is None:
            return self.look(image)
        seen, mirrored = self.look(torch.cat([image, image.flip(-1)])).chunk(2)
        motion: Motion = self.mirror(seen, mirrored)
        return motion

    def look(self, image: Tensor) -> Motion:
        """(B, 3, H, W) -> the motion by a single look."""
        planes = self.backbone.planes(resized(image, self.input_size))
        return self._motion(averaged(planes[-1]).float(), self.finder(planes))

    @in_full_precision
    def _motion(self, features: Tensor, landmarks: Tensor) -> Motion:
        centre = landmarks.mean(1)
        shape = (landmarks - centre[:, None]).flatten(1) * SHAPE_GAIN
        places = torch.cat([shape, centre], 1)  # B x (2 n + 2)
        known = torch.cat([self.hidden(torch.cat([features, places], 1)), places], 1)
        deformations = self.deformations(known).unflatten(1, (-1, 3))
        if self.direct:
            return keypoints_alone(deformations, landmarks)
        bins = torch.stack([self.yaw(known), self.pitch(known), self.roll(known)], dim=1)
        angles = expected_angles(bins, self.bin_angles)
        return Motion(angles, self.translation(known), deformations, landmarks)
