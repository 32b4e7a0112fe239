"""How far a rendering shows things beside their place, for one person before one source photo.

Not in the paper. How deep a nose, an ear or a shoulder lies is each person's own, and one photo
does not tell it: what is drawn is off by a way that grows with how far the head has left the
photo's pose. That way, linear in the pose and different for each part of the picture, is a few
hundred bytes that a sender can learn and send.
"""

import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.head_rotation import matrix_of

GRID = 12  # cells of the picture each way
FEATURES = 6  # numbers of a departure
CONSTANT = 0.1  # what belongs to every frame is told as if by a turn of that many radians
STEP = 1 / 64  # half images a radian, in which coefficients travel
MOST_TURN, MOST_SHIFT = 0.5, 0.3  # radians, half images: further departures count as so far
MOST_WAY = 1 / 16  # half images, 8 pixels of 256
LEAST_WAY = 1 / 1024  # below that everywhere a picture stays as it is

Numbers = NDArray[np.floating[Any]]
Ways = NDArray[np.float32]
Levels = NDArray[np.int8]

_SHAPE = (FEATURES, 2, GRID, GRID)
_RAW = -zlib.MAX_WBITS  # deflate without a header, RFC 1951


def departure(
    source: MotionFrame,
    motion: MotionFrame,
    offset: PoseOffset = PoseOffset(),  # noqa: B008 - a frozen value
) -> Numbers:
    """How far a head has left the source's pose: what a correction is linear in.

    Returns:
        (6,): the rotation vector of R_u R_d R_s^-1 in radians, the shift of the picture's x and y
        in half images, and `CONSTANT`.
    """
    view = matrix_of([offset.yaw, offset.pitch, offset.roll])
    turn, _ = cv2.Rodrigues(view @ matrix_of(motion.rotation) @ matrix_of(source.rotation).T)
    shift = motion.translation[:2].astype(np.float64) - source.translation[:2]
    shift += (offset.x, offset.y)
    return np.concatenate(
        [
            np.clip(turn[:, 0], -MOST_TURN, MOST_TURN),
            np.clip(shift, -MOST_SHIFT, MOST_SHIFT),
            [CONSTANT],
        ]
    )


@dataclass(frozen=True, slots=True, eq=False)
class FlowCorrection:
    """The ways to go, linear in the departure.

    Attributes:
        coefficients: (6, 2, 12, 12): by number of the departure, x and y, row and column; half
            images for each radian (or half image) of departure.
    """

    coefficients: Numbers

    @classmethod
    def nothing(cls) -> "FlowCorrection":
        """Everything is where it belongs."""
        return cls(np.zeros(_SHAPE))

    @classmethod
    def from_bytes(cls, code: bytes) -> "FlowCorrection":
        """The inverse of `to_bytes`, for any bytes from the network.

        Raises:
            ValueError: no correction.
        """
        size = int(np.prod(_SHAPE))
        reader = zlib.decompressobj(_RAW)
        try:
            raw = reader.decompress(code, size + 1)
        except zlib.error as error:
            raise ValueError("a correction that cannot be read") from error
        if len(raw) != size or not reader.eof or reader.unused_data:
            raise ValueError(f"a correction has {size} numbers")
        changes = np.frombuffer(raw, np.int8).reshape(_SHAPE)
        levels: Levels = np.cumsum(changes, axis=2, dtype=np.int8)
        return cls(levels * STEP)

    def to_bytes(self) -> bytes:
        """Coefficients in steps of 1/64, each told from the one above it, deflated (RFC 1951)."""
        levels: Levels = np.clip(np.rint(self.coefficients / STEP), -127, 127).astype(np.int8)
        changes = np.diff(levels, axis=2, prepend=np.zeros_like(levels[:, :, :1]))
        writer = zlib.compressobj(9, wbits=_RAW)
        return writer.compress(changes.tobytes()) + writer.flush()

    def towards(self, other: "FlowCorrection", share: float) -> "FlowCorrection":
        """A share of the way to another one."""
        return FlowCorrection(self.coefficients + share * (other.coefficients - self.coefficients))

    def ways(self, at: Numbers) -> Ways:
        """From where something belongs to where it is shown: (12, 12, 2) half images, x and y.

        Args:
            at: the departure, (6,).
        """
        ways = np.tensordot(at, self.coefficients, axes=1).transpose(1, 2, 0)
        return np.clip(ways, -MOST_WAY, MOST_WAY).astype(np.float32)

    def corrected(self, picture: RgbImage, at: Numbers) -> RgbImage:
        """A rendering, (S, S, 3) uint8, with everything where it belongs.

        Args:
            at: the departure, (6,).
        """
        ways = self.ways(at)
        if np.abs(ways).max() < LEAST_WAY:
            return picture
        side = len(picture)
        fine = cv2.resize(ways, (side, side), interpolation=cv2.INTER_CUBIC)
        places = _places(side) + fine * np.float32(side / 2)
        moved = cv2.remap(
            picture,
            places,
            None,
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,  # type: ignore[call-overload]
        )
        return np.asarray(moved, np.uint8)


@cache
def _places(side: int) -> Ways:
    """Each pixel's own place, (side, side, 2)."""
    line = np.arange(side, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1)
