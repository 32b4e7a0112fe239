"""How far the viewer has turned and moved the remote head."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoseOffset:
    """The free view of the paper (section 3.3): R_d <- R_u R_d, t_d <- t_d + t_u, receiver only.

    Attributes:
        yaw, pitch, roll: degrees, signs as in `models.geometry`.
        x, y, z: translation in units of half the image; x > 0 to the right, y > 0 down.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
