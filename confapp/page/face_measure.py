"""What can be said of a framed face: pose, expression, sharpness, light, place."""

from dataclasses import dataclass

import cv2
import numpy as np

from confapp.dataset.face_sharpness import face_sharpness
from confapp.media.framing import FramedView
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.openings import eye_gap, mouth_gap


@dataclass(frozen=True, slots=True)
class FaceMeasure:
    """A face in one frame.

    Attributes:
        yaw, pitch, roll: degrees, as in `models.geometry`.
        mouth, eyes: how far lips and lids are apart, in half images; None where the model does not
            say.
        sharpness: see `confapp.dataset.face_sharpness`.
        light: mean grey level of the face, 0 to 255.
        shade: darker half of the face over the lighter one, left and right, 0 to 1.
        inside: share of the view that lies within the picture, 0 to 1.
        size: side of the view over the shorter side of the picture: more than 1 is too near.
    """

    yaw: float
    pitch: float
    roll: float
    mouth: float | None
    eyes: float | None
    sharpness: float
    light: float
    shade: float
    inside: float
    size: float

    @classmethod
    def of(
        cls, rgb: RgbImage, view: FramedView, motion: MotionFrame | None, *, landmarks: bool
    ) -> "FaceMeasure":
        """Measure the face of a camera picture.

        Args:
            rgb: (H, W, 3) uint8, the picture.
            view: of it, with a face.
            motion: of the view; None from a model that is not trained, whose poses mean nothing.
            landmarks: whether the model's first keypoints are landmarks.
        """
        assert view.box is not None and view.square is not None and view.rgb is not None  # noqa: S101
        yaw, pitch, roll = (0.0, 0.0, 0.0) if motion is None else motion.rotation.tolist()
        light, shade = _light(view.rgb)
        height, width = rgb.shape[:2]
        square = view.square
        wide = min(square.x + square.side, width) - max(square.x, 0.0)
        high = min(square.y + square.side, height) - max(square.y, 0.0)
        return cls(
            yaw=yaw,
            pitch=pitch,
            roll=roll,
            mouth=mouth_gap(motion) if motion is not None and landmarks else None,
            eyes=eye_gap(motion) if motion is not None and landmarks else None,
            sharpness=face_sharpness(rgb, view.box, view.rgb.shape[0]),
            light=light,
            shade=shade,
            inside=max(wide, 0.0) * max(high, 0.0) / square.side**2,
            size=square.side / min(height, width),
        )


def _light(view: RgbImage) -> tuple[float, float]:
    """Mean grey level of the face, and its darker half over its lighter one."""
    side = view.shape[0]
    # the middle of the view: forehead to chin, cheek to cheek, as training views lie
    face = view[round(0.3 * side) : round(0.8 * side), round(0.25 * side) : round(0.75 * side)]
    grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2GRAY).astype(np.float64)
    half = grey.shape[1] // 2
    left, right = float(grey[:, :half].mean()), float(grey[:, half:].mean())
    return float(grey.mean()), min(left, right) / max(left, right, 1.0)
