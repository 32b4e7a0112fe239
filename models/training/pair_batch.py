"""What one training step sees: pairs of pictures of one person, with their labels."""

from dataclasses import dataclass

from torch import Tensor
from torch import device as Device


@dataclass(frozen=True, slots=True)
class PairBatch:
    """B pairs (source, driving); the driving picture is also the target.

    Coordinates and angles as `models.geometry` states them.

    Attributes:
        source: (B, 3, S, S) in [0, 1], float32.
        driving: (B, 3, S, S) in [0, 1], float32.
        source_angles: (B, 3) yaw, pitch, roll in degrees (labels); NaN where there is no label.
        driving_angles: (B, 3).
        source_landmarks: (B, 68, 2) x, y in [-1, 1] (iBUG order); NaN where there is none.
        driving_landmarks: (B, 68, 2).
    """

    source: Tensor
    driving: Tensor
    source_angles: Tensor
    driving_angles: Tensor
    source_landmarks: Tensor
    driving_landmarks: Tensor

    def to(self, device: Device | str, non_blocking: bool = False) -> "PairBatch":
        """The same batch on another device."""
        return PairBatch(
            source=self.source.to(device, non_blocking=non_blocking),
            driving=self.driving.to(device, non_blocking=non_blocking),
            source_angles=self.source_angles.to(device, non_blocking=non_blocking),
            driving_angles=self.driving_angles.to(device, non_blocking=non_blocking),
            source_landmarks=self.source_landmarks.to(device, non_blocking=non_blocking),
            driving_landmarks=self.driving_landmarks.to(device, non_blocking=non_blocking),
        )
