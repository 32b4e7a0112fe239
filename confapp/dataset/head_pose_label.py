"""Labels of a frame: head pose, and landmarks where a network finds them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.errors import ConfappError
from confapp.evaluation.face_landmarks import FaceLandmarks, landmarks_of_mesh
from confapp.evaluation.face_region import FacePlace, Points
from confapp.media.face_detector import FaceBox
from confapp.media.video_frame import RgbImage
from models.engine_plan import reproducible_plan
from models.head_rotation import angles_of
from models.talking_head import TalkingHead

# A face that looks at the camera, by points of MediaPipe's mesh that neither jaw nor lips nor
# brows move: x, y, z as in `models.geometry`, middle at the origin, mean square distance from it 1.
# Medians over 731 frames of labelled training clips, turned back by their labels; both sides of
# the face made the same.
MIDLINE = {
    10: (0.0, -0.84, -0.37),  # forehead
    151: (0.0, -0.60, -0.42),
    168: (0.0, -0.04, -0.42),  # between the eyes
    6: (0.0, 0.10, -0.49),
    197: (0.0, 0.23, -0.57),
    4: (0.0, 0.59, -0.79),  # tip of the nose
}
# The point on the image's right, and the one that mirrors it.
SIDES = {
    (263, 33): (0.77, -0.02, -0.03),  # outer corners of the eyes
    (362, 133): (0.31, 0.01, -0.12),  # inner corners
    (356, 127): (1.23, 0.01, 0.84),  # temples
    (454, 234): (1.22, 0.25, 0.93),  # before the ears
    (284, 54): (1.02, -0.61, 0.19),  # sides of the forehead
    (358, 129): (0.35, 0.64, -0.27),  # wings of the nose
}
MOST_RESIDUAL = 0.25  # of the template's size: twice what 1 % of the training data has
MOST_OFFSET = 0.5  # of the detector's box: from its middle to that of the landmarks
MODEL_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class FaceLabels:
    """Of one frame.

    Attributes:
        angles: (3,) yaw, pitch, roll in degrees, the convention of `models.geometry`.
        landmarks: (68, 2) x, y in pixels of the view, iBUG order; None where no network finds them.
    """

    angles: NDArray[np.float64]
    landmarks: Points | None


class FaceLabeller(Protocol):
    """A network that labels faces.

    Attributes:
        name: for the summary.
    """

    name: str

    def label(self, view: RgbImage, face: FaceBox) -> FaceLabels | None:
        """Labels of the face that a detector found in a square view; None where it finds none."""
        ...


class MeshLabeller:
    """Landmarks and head pose from the landmark network."""

    def __init__(self, network: FaceLandmarks) -> None:
        self.name = network.network.name
        self._network = network

    def label(self, view: RgbImage, face: FaceBox) -> FaceLabels | None:
        """As `FaceLabeller`; None where the points do not make a face, or lie elsewhere."""
        mesh = self._network.find_mesh(view, FacePlace.of_box(face))
        landmarks = landmarks_of_mesh(mesh)
        place = FacePlace.of_landmarks(landmarks)
        away = np.hypot(place.x - face.centre[0], place.y - face.centre[1])
        angles, residual = head_pose_of_mesh(mesh)
        if away > MOST_OFFSET * face.size or residual > MOST_RESIDUAL:
            return None
        return FaceLabels(angles, landmarks)


class ModelLabeller:
    """Head pose alone, from the motion encoder of a trained model."""

    def __init__(self, head: TalkingHead) -> None:
        self.name = f"{head.config.name} {head.fingerprint}"
        self._head = head

    def label(self, view: RgbImage, face: FaceBox) -> FaceLabels:  # noqa: ARG002 - not needed
        """As `FaceLabeller`."""
        side = self._head.config.image_size
        if len(view) != side:
            method = cv2.INTER_AREA if len(view) > side else cv2.INTER_CUBIC
            view = cv2.resize(view, (side, side), interpolation=method).astype(np.uint8, copy=False)
        angles = self._head.encode_motion(view).rotation.astype(np.float64)
        return FaceLabels(angles, None)


def open_labeller(landmarks: Path | None, model: str) -> FaceLabeller:
    """The landmark network where there is one, else a trained model.

    Args:
        landmarks: MediaPipe's face_landmarker.task.
        model: configuration name or weights file.

    Raises:
        ConfappError: `network-not-found`, `landmarks-unusable`; `labels-missing` where there is
            neither; or as the weights file cannot be used.
    """
    if landmarks is not None:
        return MeshLabeller(FaceLandmarks.load(landmarks))
    try:
        return ModelLabeller(TalkingHead.open(model, plan=reproducible_plan()))
    except ConfappError as error:
        if error.error_id != "weights-missing" or model.endswith(MODEL_SUFFIX):
            raise
        raise ConfappError(
            "labels-missing",
            f"{model} has no trained weights that could label head poses; give MediaPipe's "
            f"face_landmarker.task with --landmarks FILE, or a trained model with --model "
            f"FILE{MODEL_SUFFIX}.",
        ) from error


def head_pose_of_mesh(mesh: Points) -> tuple[NDArray[np.float64], float]:
    """Turn the frontal face onto the mesh by least squares (Kabsch), at the best scale.

    Args:
        mesh: (478, 3) x to the right, y down, z away from the viewer, of one unit.

    Returns:
        (3,) yaw, pitch, roll in degrees; and the root mean square distance that is left, in units
        of the frontal face.
    """
    numbers, frontal = _frontal_face()
    points = mesh[numbers] - mesh[numbers].mean(0)
    left, strengths, right = np.linalg.svd(points.T @ frontal)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])  # no mirrored faces
    rotation = left * signs @ right
    scale = max(float(strengths @ signs) / float(np.square(frontal).sum()), 1e-9)
    rest = points / scale - frontal @ rotation.T
    angles = angles_of(rotation)
    return angles, float(np.sqrt(np.square(rest).sum(1).mean()))


def _frontal_face() -> tuple[list[int], NDArray[np.float64]]:
    """Numbers of the mesh's points, and their places."""
    places = dict(MIDLINE)
    for (right, left), (x, y, z) in SIDES.items():
        places[right], places[left] = (x, y, z), (-x, y, z)
    frontal = np.array(list(places.values()))
    return list(places), frontal - frontal.mean(0)
