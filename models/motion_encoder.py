"""H and Δ: one frame to head pose and expression deformations."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.blocks import Bottleneck, convolution
from models.config import DEGREES_A_BIN, IMAGE_CHANNELS, POSE_BINS, ModelConfig, MotionEncoderConfig
from models.geometry import expectation


@dataclass(frozen=True, slots=True)
class Motion:
    """Head pose and expression of a batch of frames.

    Attributes:
        angles: (B, 3) yaw, pitch, roll in degrees.
        translation: (B, 3).
        deformations: (B, K, 3).
        landmarks: (B, n, 2) places of the face, from an encoder that finds them; else None.

    Of a model without canonical keypoints angles and translation are 0, and the deformations are
    the keypoints themselves.
    """

    angles: Tensor
    translation: Tensor
    deformations: Tensor
    landmarks: Tensor | None = None

    @classmethod
    def of_row(cls, numbers: Tensor) -> "Motion":
        """What `row` made, without landmarks: (6 + 3K,) -> a batch of one."""
        numbers = numbers[None]
        return cls(numbers[:, :3], numbers[:, 3:6], numbers[:, 6:].view(1, -1, 3))

    def row(self) -> Tensor:
        """Angles, translation and deformations of a batch of one in a row, (6 + 3K,)."""
        return torch.cat(
            [part.flatten() for part in (self.angles, self.translation, self.deformations)]
        )

    def chunk(self, parts: int) -> "list[Motion]":
        """The motion of batches that were one behind the other."""
        places = [None] * parts if self.landmarks is None else self.landmarks.chunk(parts)
        numbers = (part.chunk(parts) for part in (self.angles, self.translation, self.deformations))
        return [Motion(*part) for part in zip(*numbers, places, strict=True)]


class Backbone(nn.Module):
    """ResNet of bottlenecks and a global average pool (figure 12c)."""

    def __init__(self, shape: MotionEncoderConfig) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            convolution(2, IMAGE_CHANNELS, shape.stem_width, 7, 2),
            nn.BatchNorm2d(shape.stem_width),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
        )
        self.stages = nn.ModuleList()
        width = shape.stem_width
        for index, (channels, blocks) in enumerate(shape.stages):
            widen = (convolution(2, width, channels, 1), nn.BatchNorm2d(channels), nn.ReLU())
            strides = [2 if index > 0 and block == 0 else 1 for block in range(blocks)]
            blocks_of_stage = (Bottleneck(channels, shape.bottleneck, stride) for stride in strides)
            self.stages.append(nn.Sequential(*widen, *blocks_of_stage))
            width = channels
        self.width = width

    def planes(self, image: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> the last plane of every stage, fine to coarse."""
        planes = [self.stem(image)]
        for stage in self.stages:
            planes.append(stage(planes[-1]))
        return planes[1:]

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, width)."""
        return averaged(self.planes(image)[-1])


def averaged(plane: Tensor) -> Tensor:
    """Global average pool: (B, C, H, W) -> (B, C)."""
    return F.adaptive_avg_pool2d(plane, 1).flatten(1)


class MotionEncoder(nn.Module):
    """H and Δ: backbone(s) and one linear layer an output.

    An angle is the expectation over 66 bins, 3 degrees apart, from the configuration's `first_bin`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = config.motion_encoder
        self.backbone = Backbone(shape)
        self.expression_backbone = None if shape.shared_backbone else Backbone(shape)
        width = self.backbone.width
        self.direct = config.canonical is None
        if not self.direct:
            self.yaw = nn.Linear(width, POSE_BINS)
            self.pitch = nn.Linear(width, POSE_BINS)
            self.roll = nn.Linear(width, POSE_BINS)
            self.translation = nn.Linear(width, 3)
        self.deformations = nn.Linear(width, 3 * config.keypoints)
        self.register_buffer("bin_angles", bin_angles(shape), persistent=False)
        self.bin_angles: Tensor

    def forward(self, image: Tensor) -> Motion:
        """(B, 3, H, W) in [0, 1] -> `Motion`."""
        pose = self.backbone(image)
        expression = pose if self.expression_backbone is None else self.expression_backbone(image)
        deformations = self.deformations(expression).float().unflatten(1, (-1, 3))
        if self.direct:
            return keypoints_alone(deformations)
        bins = torch.stack([self.yaw(pose), self.pitch(pose), self.roll(pose)], dim=1).float()
        angles = expected_angles(bins, self.bin_angles)
        return Motion(angles, self.translation(pose).float(), deformations)


def keypoints_alone(points: Tensor, landmarks: Tensor | None = None) -> Motion:
    """Keypoints (B, K, 3) as the motion of a model without canonical ones."""
    still = points.new_zeros(len(points), 3)
    return Motion(still, still, points, landmarks)


def bin_angles(shape: MotionEncoderConfig) -> Tensor:
    """The angle that each bin stands for, (66,) degrees."""
    return shape.first_bin + torch.arange(POSE_BINS) * DEGREES_A_BIN


def expected_angles(bins: Tensor, angles: Tensor) -> Tensor:
    """Logits (B, 3, 66) over bins of `angles` (66,) -> (B, 3) degrees."""
    return expectation(torch.softmax(bins, dim=-1), angles[:, None]).squeeze(-1)
