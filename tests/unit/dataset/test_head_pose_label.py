"""Head pose by a rigid fit: known turns come back; what is no face is not labelled."""

import numpy as np
import pytest
import torch
from made_videos import SIDE, person, still_mesh
from numpy.typing import NDArray
from tiny_perception import face_points

from confapp.dataset.head_pose_label import (
    MIDLINE,
    SIDES,
    MeshLabeller,
    ModelLabeller,
    head_pose_of_mesh,
    open_labeller,
)
from confapp.errors import ConfappError
from confapp.evaluation.face_landmarks import IBUG, MESH_POINTS, landmarks_of_mesh
from confapp.evaluation.face_region import FacePlace, Points
from confapp.media.face_detector import FaceBox
from models.engine_plan import EnginePlan
from models.geometry import rotation_matrix
from models.talking_head import TalkingHead

TURNS = [(0, 0, 0), (30, 0, 0), (0, 20, 0), (0, 0, 15), (-50, 25, -30), (70, -40, 60)]


def turned_mesh(yaw: float, pitch: float, roll: float, scale: float = 40.0) -> Points:
    """The frontal face turned, in pixels of a crop; the points of no use in its middle."""
    mesh = np.zeros((MESH_POINTS, 3))
    mesh[list(IBUG), :2] = face_points(0, 0, 2)  # flat, then the rigid ones where they are
    for number, place in MIDLINE.items():
        mesh[number] = place
    for (right, left), (x, y, z) in SIDES.items():
        mesh[right], mesh[left] = (x, y, z), (-x, y, z)
    angles = torch.tensor([[yaw, pitch, roll]], dtype=torch.float64)
    turn: NDArray[np.float64] = rotation_matrix(angles)[0].numpy()
    return mesh @ turn.T * scale + (128, 128, 5)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("scale", [3.0, 200.0])
def test_known_turns_come_back(turn: tuple[float, float, float], scale: float) -> None:
    angles, residual = head_pose_of_mesh(turned_mesh(*turn, scale))
    assert angles == pytest.approx(turn, abs=1e-6)
    assert residual == pytest.approx(0, abs=1e-6)


def test_signs_by_hand() -> None:
    """A nose to the image's right is yaw > 0, up is pitch > 0, an ear that sinks is roll > 0."""
    nose, ear = 4, 454
    assert turned_mesh(20, 0, 0)[nose, 0] > 128
    assert turned_mesh(0, 20, 0)[nose, 1] < turned_mesh(0, 0, 0)[nose, 1]
    assert turned_mesh(0, 0, 20)[ear, 1] > turned_mesh(0, 0, 0)[ear, 1]


def test_residual_of_noise_by_hand() -> None:
    """Noise of 0.1 template units in three dimensions leaves nearly 0.1 * sqrt(3)."""
    random = np.random.default_rng(0)
    mesh = turned_mesh(10, 5, 0, scale=1) + random.normal(0, 0.1, (MESH_POINTS, 3))
    angles, residual = head_pose_of_mesh(mesh)
    assert angles == pytest.approx((10, 5, 0), abs=6)
    assert 0.1 < residual < 0.1 * 3**0.5 * 1.1


def test_a_mirrored_face_is_none() -> None:
    mesh = turned_mesh(0, 0, 0)
    mesh[:, 0] = 256 - mesh[:, 0]
    swapped = mesh.copy()
    for right, left in SIDES:
        swapped[[right, left]] = mesh[[left, right]]
    assert head_pose_of_mesh(swapped)[1] == pytest.approx(0, abs=1e-6)
    assert head_pose_of_mesh(mesh)[1] > 0.25


def test_labels_in_pixels_of_the_view() -> None:
    """What a network sees in the crop's pixels comes back in the view's."""
    mesh = turned_mesh(12, 0, 0)
    view = np.zeros((512, 512, 3), np.uint8)
    labels = MeshLabeller(still_mesh(mesh)).label(view, FaceBox(156, 156, 200, 0.9))
    assert labels is not None
    assert labels.landmarks is not None
    assert labels.angles == pytest.approx((12, 0, 0), abs=1e-6)
    # The first crop holds 300 pixels, the second 1.5 times what the first one found.
    found = FacePlace.of_landmarks(landmarks_of_mesh(mesh))
    second = FacePlace.of_landmarks(labels.landmarks)
    assert second.side == pytest.approx(found.side / 256 * (1.5 * found.side * 300 / 256))


def test_points_elsewhere_are_no_label() -> None:
    aside = turned_mesh(0, 0, 0)
    aside[:, 0] += 100
    view = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert MeshLabeller(still_mesh(aside)).label(view, FaceBox(78, 78, 100, 0.9)) is None


def test_points_that_are_no_face_are_no_label() -> None:
    random = np.random.default_rng(0)
    noise = random.uniform(64, 192, (MESH_POINTS, 3))
    view = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert MeshLabeller(still_mesh(noise)).label(view, FaceBox(78, 78, 100, 0.9)) is None


def test_a_model_labels_what_it_sends(head: TalkingHead) -> None:
    view = person("ada")[0]
    labels = ModelLabeller(head).label(view, FaceBox(78, 78, 100, 0.9))
    assert labels.landmarks is None
    assert labels.angles.shape == (3,)
    assert np.abs(labels.angles).max() > 0
    other = ModelLabeller(head).label(person("ben")[0], FaceBox(78, 78, 100, 0.9))
    assert not np.array_equal(labels.angles, other.angles)


def test_no_network_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(model: str, *, plan: EnginePlan) -> TalkingHead:
        raise ConfappError("weights-missing", f"no {model}")

    monkeypatch.setattr(TalkingHead, "open", absent)
    with pytest.raises(ConfappError) as caught:
        open_labeller(None, "lite-256")
    assert caught.value.error_id == "labels-missing"
    assert "--landmarks" in caught.value.message
    assert "--model" in caught.value.message


def test_a_weights_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfappError) as caught:
        open_labeller(None, "elsewhere/mine.safetensors")
    assert caught.value.error_id == "weights-missing"
    assert "mine.safetensors" in caught.value.message
