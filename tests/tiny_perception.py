"""Stand-ins for the networks that measure pictures: a few dots on a face, known by their places."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from confapp.evaluation.face_identity import FaceIdentity
from confapp.evaluation.face_landmarks import IBUG, MESH_POINTS, FaceLandmarks
from confapp.evaluation.face_region import Points
from confapp.evaluation.helper_network import HelperNetwork
from confapp.media.video_frame import RgbImage
from models.training.losses.feature_network import VGG16_BLOCKS

NETWORK = HelperNetwork("stand-in", "none", "0" * 64, 0)


def face_points(x: float = 32.0, y: float = 32.0, size: float = 24.0) -> Points:
    """68 landmarks on an upright face with its mouth a little open."""
    points = np.zeros((68, 2))
    points[:17] = [[np.cos(a), np.sin(a)] for a in np.linspace(np.pi, 0, 17)]
    points[17:27] = [[t, -0.6] for t in np.linspace(-0.8, 0.8, 10)]
    points[27:36] = [[0.0, t] for t in np.linspace(-0.3, 0.2, 9)]
    eye = np.array([[-0.2, 0], [-0.1, -0.1], [0.1, -0.1], [0.2, 0], [0.1, 0.1], [-0.1, 0.1]])
    points[36:42], points[42:48] = np.add(eye, (-0.4, -0.3)), np.add(eye, (0.4, -0.3))
    ring = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(np.pi, 3 * np.pi, 13)[:12]])
    points[48:60] = ring * (0.4, 0.2) + (0, 0.5)
    points[60:68] = ring[[0, 2, 3, 4, 6, 8, 9, 10]] * (0.3, 0.1) + (0, 0.5)
    return points * size / 2 + (x, y)


def bright_spot_landmarks() -> FaceLandmarks:
    """Puts the same face where the picture is brightest."""

    def mesh(picture: RgbImage) -> Points:
        weight = picture.mean(2) ** 4 + 1e-6
        rows, columns = np.indices(weight.shape) + 0.5
        middle = [(columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()]
        points = np.zeros((MESH_POINTS, 3))
        points[list(IBUG), :2] = face_points(middle[0], middle[1], 160)
        return points

    return FaceLandmarks(NETWORK, mesh)


def pixel_identity() -> FaceIdentity:
    """Two faces are alike as far as their pixels are."""

    def embed(face: RgbImage) -> NDArray[np.float64]:
        small = cv2.resize(face, (8, 8), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float64).ravel() + 1

    return FaceIdentity(NETWORK, embed)


def lpips_file(path: Path, width: int = 4) -> Path:
    """A narrow VGG16 with random weights, and positive heads."""
    random = torch.Generator().manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}
    place, channels = 0, 3
    for count in VGG16_BLOCKS:
        for _ in range(count):
            weight = torch.randn(width, channels, 3, 3, generator=random) * 0.3
            tensors[f"features.{place}.weight"] = weight
            tensors[f"features.{place}.bias"] = torch.full((width,), 0.1)
            place, channels = place + 2, width
        place += 1
    for layer in range(len(VGG16_BLOCKS)):
        tensors[f"lin{layer}.weight"] = torch.full((1, width, 1, 1), 1.0 + layer)
    save_file(tensors, path)
    return path
