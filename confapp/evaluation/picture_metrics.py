"""Every metric of a picture against the true one, as far as its networks are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confapp.evaluation.dists import Dists
from confapp.evaluation.face_identity import Embedding, FaceIdentity, similarity
from confapp.evaluation.face_landmarks import FaceLandmarks, landmarks_of_mesh, mean_distance
from confapp.evaluation.face_region import FacePlace, FaceRegion, Points
from confapp.evaluation.fid import Inception
from confapp.evaluation.head_angle import Rotation, angle_between, mesh_rotation
from confapp.evaluation.helper_network import HelperNetwork
from confapp.evaluation.lpips import Features, Lpips
from confapp.evaluation.pixel_metrics import l1, ms_ssim, psnr, ssim
from confapp.media.video_frame import RgbImage

REFERENCE_SIDE = 256  # pixels; landmark distances are given for pictures of this side
FACE = "face_"  # prefix of the metrics on the face region
PIXEL_METRICS = {"l1": l1, "psnr": psnr, "ssim": ssim, "ms_ssim": ms_ssim}

Scores = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture with what the networks see in it; None for a network that was not given."""

    picture: RgbImage
    features: Features | None
    landmarks: Points | None
    embedding: Embedding | None
    textures: Features | None = None
    rotation: Rotation | None = None


@dataclass(frozen=True, slots=True)
class PictureMetrics:
    """The metrics: l1 (0-255), psnr (dB), ssim, ms_ssim and lpips, and each as ``face_...``;
    dists; akd (pixels at 256, Euclidean mean over 68 landmarks), akd_per_coordinate (mean over x
    and y, as public evaluation code has it), head_angle (degrees between the head poses of the
    face meshes) and csim (cosine) of the face.

    Attributes:
        lpips, landmarks, identity, dists: None leaves the metrics out; csim needs the middle two.
        inception: for FID, which is of many pictures (see `confapp.evaluation.fid`).
    """

    lpips: Lpips | None = None
    landmarks: FaceLandmarks | None = None
    identity: FaceIdentity | None = None
    dists: Dists | None = None
    inception: Inception | None = None

    @classmethod
    def load(
        cls,
        lpips: Path | None,
        landmarks: Path | None,
        identity: Path | None,
        dists: Path | None = None,
        inception: Path | None = None,
    ) -> "PictureMetrics":
        """Read the networks that are given; DISTS shares the VGG16 of LPIPS.

        Raises:
            ConfappError: a file is missing or of another kind.
        """
        return cls(
            Lpips(lpips) if lpips else None,
            FaceLandmarks.load(landmarks) if landmarks else None,
            FaceIdentity.load(identity) if identity else None,
            Dists(lpips, dists) if lpips and dists else None,
            Inception.load(inception) if inception else None,
        )

    @property
    def networks(self) -> dict[str, HelperNetwork]:
        """The networks behind the metrics, by option."""
        given = {
            "lpips": self.lpips,
            "landmarks": self.landmarks,
            "identity": self.identity,
            "dists": self.dists,
            "inception": self.inception,
        }
        return {option: one.network for option, one in given.items() if one is not None}

    @property
    def left_out(self) -> list[str]:
        """What is not measured, and why."""
        needs = {
            "lpips": (self.lpips, "--lpips FILE"),
            "akd": (self.landmarks, "--landmarks FILE"),
            "csim": (self.identity and self.landmarks, "--landmarks FILE and --identity FILE"),
        }
        return [f"{name}: needs {files}" for name, (given, files) in needs.items() if not given]

    def look(self, picture: RgbImage, place: FacePlace) -> Look:
        """All that is to be known of one picture with a face roughly at `place`."""
        mesh = self.landmarks.find_mesh(picture, place) if self.landmarks else None
        landmarks = None if mesh is None else landmarks_of_mesh(mesh)
        rotation = None if mesh is None else mesh_rotation(mesh)
        embedding = None
        if self.identity and landmarks is not None:
            embedding = self.identity.embedding(picture, landmarks)
        features = self.lpips.features(picture) if self.lpips else None
        textures = self.dists.features(picture) if self.dists else None
        return Look(picture, features, landmarks, embedding, textures, rotation)

    def compare(
        self, looks: Mapping[str, Look], truth: Look, region: FaceRegion
    ) -> dict[str, Scores]:
        """Scores of each picture against the true one; `region` is the face in the latter."""
        true_face = region.cut(truth.picture)
        features = self.lpips.features(true_face) if self.lpips else None
        return {
            name: self.whole(look, truth)
            | self._face(region.cut(look.picture), true_face, features)
            for name, look in looks.items()
        }

    def whole(self, look: Look, truth: Look) -> Scores:
        """Scores of the whole picture, without those of the face region alone."""
        scores = {name: of(look.picture, truth.picture) for name, of in PIXEL_METRICS.items()}
        if self.lpips and look.features is not None and truth.features is not None:
            scores["lpips"] = self.lpips.distance(look.features, truth.features)
        if self.dists and look.textures is not None and truth.textures is not None:
            scores["dists"] = self.dists.distance(look.textures, truth.textures)
        if look.landmarks is not None and truth.landmarks is not None:
            pixels = mean_distance(look.landmarks, truth.landmarks)
            scores["akd"] = at_reference(pixels, truth.picture)
            apart = float(np.abs(look.landmarks - truth.landmarks).mean())
            scores["akd_per_coordinate"] = at_reference(apart, truth.picture)
        if look.rotation is not None and truth.rotation is not None:
            scores["head_angle"] = angle_between(look.rotation, truth.rotation)
        if look.embedding is not None and truth.embedding is not None:
            scores["csim"] = similarity(look.embedding, truth.embedding)
        return scores

    def _face(self, face: RgbImage, truth: RgbImage, features: Features | None) -> Scores:
        scores = {FACE + name: of(face, truth) for name, of in PIXEL_METRICS.items()}
        if self.lpips and features is not None:
            scores[FACE + "lpips"] = self.lpips.distance(self.lpips.features(face), features)
        return scores


def at_reference(pixels: float, picture: RgbImage) -> float:
    """A distance in a picture, in pixels of one 256 wide."""
    return pixels * REFERENCE_SIDE / len(picture)
