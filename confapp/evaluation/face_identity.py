"""How alike two faces are: cosine of ArcFace embeddings (Deng et al., CVPR 2019)."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.errors import ConfappError
from confapp.evaluation.face_region import Points, eye_centres
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.picture_warp import fit_similarity, warp_picture
from confapp.media.video_frame import RgbImage

INPUT_SIDE = 112  # pixels
GREY = 127.5
# Where ArcFace's training pictures have eyes, nose tip and corners of the mouth, pixels.
TEMPLATE = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
NOSE_TIP = 30
MOUTH_CORNERS = (48, 54)

Embedding = NDArray[np.float64]
EmbeddingNetwork = Callable[[RgbImage], Embedding]


class FaceIdentity:
    """Embeds faces whose landmarks are known.

    Args:
        network: what results name.
        embed: (112, 112, 3) uint8 -> (N,) numbers.
    """

    def __init__(self, network: HelperNetwork, embed: EmbeddingNetwork) -> None:
        self.network = network
        self._embed = embed

    @classmethod
    def load(cls, path: Path) -> "FaceIdentity":
        """Read an ONNX network with ArcFace's input: RGB, (x - 127.5) / 127.5.

        Raises:
            ConfappError: `network-not-found`, or `identity-unusable`.
        """
        network = HelperNetwork.of("ArcFace", path)
        try:
            net = cv2.dnn.readNetFromONNX(str(path))
            identity = cls(network, lambda face: _embedding(net, face))
            identity._embed(np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8))
        except cv2.error as error:
            raise ConfappError(
                "identity-unusable", f"{path} is no ArcFace network in ONNX for 112x112 pictures."
            ) from error
        return identity

    def embedding(self, picture: RgbImage, landmarks: Points) -> Embedding:
        """Of length 1."""
        points = np.stack(
            [*eye_centres(landmarks), landmarks[NOSE_TIP], *landmarks[list(MOUTH_CORNERS)]]
        )
        face = warp_picture(picture, fit_similarity(points, TEMPLATE), INPUT_SIDE)
        numbers = self._embed(face)
        unit: Embedding = numbers / np.linalg.norm(numbers)
        return unit


def similarity(one: Embedding, other: Embedding) -> float:
    """Cosine, -1 to 1; 1 for the same face."""
    return float(one @ other)


def _embedding(net: cv2.dnn.Net, face: RgbImage) -> Embedding:
    net.setInput(cv2.dnn.blobFromImage(face, 1 / GREY, mean=(GREY, GREY, GREY)))
    return np.asarray(net.forward(), np.float64).ravel()
