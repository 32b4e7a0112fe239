"""68 landmarks of a face, from the network inside MediaPipe's face_landmarker.task."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.evaluation.face_region import FacePlace, Points
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.picture_warp import apply_affine, inverse_affine, warp_picture
from confapp.media.video_frame import RgbImage

MEMBER = "face_landmarks_detector.tflite"
OUTPUT = "Identity"
MESH_POINTS = 478
INPUT_SIDE = 256  # pixels
# The crop's side over the face's, as in MediaPipe. The second look is centred on what the first
# one found: on a crop that a face has left, the network draws its points to the middle.
MARGIN = 1.5
LOOKS = 2

# The mesh's points that stand for the 68 of iBUG. The jaw is the mesh's outline, near enough.
IBUG = (
    *(127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356),  # jaw
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300),  # brows
    *(168, 197, 5, 4, 98, 97, 2, 326, 327),  # nose
    *(33, 160, 158, 133, 153, 144),  # eye on the image's left
    *(362, 385, 387, 263, 373, 380),  # eye on the image's right
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),  # outer lips
    *(78, 81, 13, 311, 308, 402, 14, 178),  # inner lips
)

MeshNetwork = Callable[[RgbImage], Points]


class FaceLandmarks:
    """Finds the landmarks of a face whose place is roughly known.

    Args:
        network: what results name.
        mesh: (256, 256, 3) uint8 -> (478, 3) x, y, z in its pixels.
    """

    def __init__(self, network: HelperNetwork, mesh: MeshNetwork) -> None:
        self.network = network
        self._mesh = mesh

    @classmethod
    def load(cls, path: Path) -> "FaceLandmarks":
        """Read a .task bundle.

        Raises:
            ConfappError: `network-not-found`, or `landmarks-unusable`.
        """
        network = HelperNetwork.of("MediaPipe face landmarker, 68 of 478 points", path)
        try:
            with zipfile.ZipFile(path) as bundle, TemporaryDirectory() as folder:
                # OpenCV 5's new engine returns only one of the outputs, and from memory OpenCV
                # takes no other.
                model = bundle.extract(MEMBER, folder)
                net = cv2.dnn.readNetFromTFLite(model, cv2.dnn.ENGINE_CLASSIC)
            landmarks = cls(network, lambda picture: _mesh(net, picture))
            landmarks._mesh(np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8))
        except (zipfile.BadZipFile, KeyError, cv2.error, ValueError) as error:
            raise ConfappError(
                "landmarks-unusable",
                f"{path} is no MediaPipe face_landmarker.task with {MEMBER} inside.",
            ) from error
        return landmarks

    def find(self, picture: RgbImage, place: FacePlace) -> Points:
        """(68, 2) in pixels of the picture; some points even where there is no face."""
        return landmarks_of_mesh(self.find_mesh(picture, place))

    def find_mesh(self, picture: RgbImage, place: FacePlace) -> Points:
        """(478, 3) x, y in pixels of the picture, z as long, away from the viewer."""
        for _ in range(LOOKS):
            to_crop = _to_crop(place)
            seen = self._mesh(warp_picture(picture, to_crop, INPUT_SIDE))
            scale = np.hypot(*to_crop[:, 0])
            places = apply_affine(inverse_affine(to_crop), seen[:, :2])
            mesh = np.column_stack([places, seen[:, 2] / scale])
            place = FacePlace.of_landmarks(landmarks_of_mesh(mesh))
        return mesh


def landmarks_of_mesh(mesh: Points) -> Points:
    """The (68, 2) among the (478, 3)."""
    return mesh[list(IBUG), :2]


def mean_distance(one: Points, other: Points) -> float:
    """Mean Euclidean distance of two sets of landmarks, pixels."""
    return float(np.linalg.norm(one - other, axis=1).mean())


def _to_crop(place: FacePlace) -> Points:
    """The map from the picture to an upright crop around the face."""
    scale = INPUT_SIDE / (max(place.side, 1.0) * MARGIN)
    cosine, sine = scale * np.cos(place.roll), scale * np.sin(place.roll)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.column_stack([turn, INPUT_SIDE / 2 - turn @ (place.x, place.y)])


def _mesh(net: cv2.dnn.Net, picture: RgbImage) -> Points:
    net.setInput(cv2.dnn.blobFromImage(picture, 1 / 255))
    return np.asarray(net.forward([OUTPUT])[0], np.float64).reshape(MESH_POINTS, 3)
