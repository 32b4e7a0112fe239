import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.geometry import rotation_matrix
from models.training.data.frame_transform import LabelledFrames, mirror, move

SIZE = 64


def dotted(x: Tensor, y: Tensor) -> Tensor:
    """Pictures with one soft dot each at (x, y) in [-1, 1]: (N, 3, SIZE, SIZE)."""
    line = (torch.arange(SIZE) * 2 + 1) / SIZE - 1
    distance = (line - x[:, None, None]).square() + (line[:, None] - y[:, None, None]).square()
    return torch.exp(-distance / 0.008)[:, None].expand(-1, 3, -1, -1)


def dot_places(images: Tensor) -> Tensor:
    """Where the dots are: (N, 2) x, y in [-1, 1]."""
    line = (torch.arange(SIZE) * 2 + 1) / SIZE - 1
    plane = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    return torch.stack([(plane.sum(1) * line).sum(1), (plane.sum(2) * line).sum(1)], -1)


def frames_with_dot(x: float, y: float, angles: tuple[float, float, float]) -> LabelledFrames:
    landmarks = torch.linspace(-1, 1, 136).view(1, 68, 2).clone()
    landmarks[:, 30] = torch.tensor([x, y])  # the tip of the nose stays itself in a mirror
    images = dotted(torch.tensor([x]), torch.tensor([y]))
    return LabelledFrames(images, torch.tensor([angles], dtype=torch.float32), landmarks)


inside = st.floats(-0.35, 0.35)
shifts = st.floats(-0.1, 0.1)


@given(
    st.tuples(inside, inside), st.floats(-30, 30), st.floats(0.9, 1.2), st.tuples(shifts, shifts)
)
def test_landmarks_follow_the_pixels(
    place: tuple[float, float], rotation: float, zoom: float, shift: tuple[float, float]
) -> None:
    frames = frames_with_dot(*place, (0, 0, 0))
    moved = move(frames, torch.tensor([rotation]), torch.tensor([zoom]), torch.tensor([shift]))
    assert torch.allclose(dot_places(moved.images), moved.landmarks[:, 30], atol=0.01)
    mirrored = mirror(moved)
    assert torch.allclose(dot_places(mirrored.images), mirrored.landmarks[:, 30], atol=0.01)


def test_a_quarter_turn_by_hand() -> None:
    frames = frames_with_dot(0.5, 0, (0, 0, 5))
    turned = move(frames, torch.tensor([90.0]), torch.tensor([1.2]), torch.tensor([[0.1, 0.2]]))
    # Clockwise: right becomes down; then 1.2 times as far out; then the shift.
    assert turned.landmarks[0, 30].tolist() == pytest.approx([0.1, 0.8], abs=1e-5)
    assert dot_places(turned.images)[0].tolist() == pytest.approx([0.1, 0.8], abs=0.01)
    assert turned.angles[0].tolist() == pytest.approx([0, 0, 95], abs=1e-3)


def test_rotation_of_a_turned_head_turns_its_axes_in_the_picture() -> None:
    frames = frames_with_dot(0, 0, (30, 10, 5))
    turned = move(frames, torch.tensor([20.0]), torch.ones(1), torch.zeros(1, 2))
    nose, ear = torch.tensor([0.0, 0, -1]), torch.tensor([1.0, 0, 0])
    c, s = (
        torch.cos(torch.deg2rad(torch.tensor(20.0))),
        torch.sin(torch.deg2rad(torch.tensor(20.0))),
    )
    for point in (nose, ear):
        x, y, z = rotation_matrix(frames.angles)[0] @ point
        expected = torch.stack([c * x - s * y, s * x + c * y, z])
        assert torch.allclose(rotation_matrix(turned.angles)[0] @ point, expected, atol=1e-5)


def test_identity_moves_nothing() -> None:
    frames = frames_with_dot(0.2, 0.1, (10, 20, -5))
    moved = move(frames, torch.zeros(1), torch.ones(1), torch.zeros(1, 2))
    assert torch.allclose(moved.images, frames.images, atol=1e-5)
    assert torch.allclose(moved.angles, frames.angles, atol=1e-4)
    assert torch.equal(moved.landmarks, frames.landmarks)


def test_missing_labels_stay_missing() -> None:
    frames = LabelledFrames(
        torch.rand(1, 3, SIZE, SIZE),
        torch.full((1, 3), torch.nan),
        torch.full((1, 68, 2), torch.nan),
    )
    moved = mirror(move(frames, torch.full((1,), 5.0), torch.ones(1), torch.zeros(1, 2)))
    assert moved.angles.isnan().all()
    assert moved.landmarks.isnan().all()
    assert not moved.images.isnan().any()


def test_two_mirrors_are_the_identity() -> None:
    generator = torch.Generator().manual_seed(0)
    frames = LabelledFrames(
        torch.rand(2, 3, 8, 8, generator=generator),
        torch.rand(2, 3, generator=generator),
        torch.rand(2, 68, 2, generator=generator),
    )
    twice = mirror(mirror(frames))
    assert torch.equal(twice.images, frames.images)
    assert torch.equal(twice.angles, frames.angles)
    assert torch.equal(twice.landmarks, frames.landmarks)


def test_a_mirror_by_hand() -> None:
    image = torch.zeros(1, 3, 8, 8)
    image[:, :, 2, 1] = 1
    landmarks = torch.zeros(1, 68, 2)
    landmarks[0, 36] = torch.tensor([-0.4, -0.2])  # outer corner of the eye at the image's left
    landmarks[0, 48] = torch.tensor([-0.3, 0.5])  # corner of the mouth at the image's left
    landmarks[0, 8] = torch.tensor([0.1, 0.9])  # chin
    mirrored = mirror(LabelledFrames(image, torch.tensor([[10.0, 20.0, 30.0]]), landmarks))
    assert mirrored.images[0, 0].nonzero().tolist() == [[2, 6]]
    assert mirrored.angles[0].tolist() == [-10, 20, -30]
    assert mirrored.landmarks[0, 45].tolist() == pytest.approx([0.4, -0.2])
    assert mirrored.landmarks[0, 54].tolist() == pytest.approx([0.3, 0.5])
    assert mirrored.landmarks[0, 8].tolist() == pytest.approx([-0.1, 0.9])


def test_a_symmetric_face_is_its_own_mirror() -> None:
    """Left points of a symmetric layout must land on the right ones, in order."""
    outline = {
        **{i: ((i - 8) / 10, 0.5 - abs(i - 8) / 10) for i in range(17)},
        **{17 + i: ((i - 4.5) / 10, -0.4 - 0.01 * min(i, 9 - i)) for i in range(10)},
        **{27 + i: (0.0, -0.2 + i / 10) for i in range(4)},
        **{31 + i: ((i - 2) / 20, 0.2) for i in range(5)},
    }
    eye = [(-0.1, 0.0), (-0.03, -0.05), (0.03, -0.05), (0.1, 0.0), (0.03, 0.05), (-0.03, 0.05)]
    for i, (x, y) in enumerate(eye):
        outline[36 + i] = (-0.3 + x, -0.2 + y)
        outline[42 + i] = (0.3 + x, -0.2 + y)
    for first, top, bottom in ((48, 7, 5), (60, 5, 3)):
        for i in range(top):
            outline[first + i] = ((i - (top - 1) / 2) / 20, 0.35)
        for i in range(bottom):
            outline[first + top + i] = (((bottom - 1) / 2 - i) / 20, 0.4)
    landmarks = torch.tensor([outline[i] for i in range(68)])[None]
    frames = LabelledFrames(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3), landmarks)
    assert torch.allclose(mirror(frames).landmarks, landmarks, atol=1e-6)
