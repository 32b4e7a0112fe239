from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from models.facial_landmarks import MIRRORED_LANDMARKS
from models.training.data.augmentation import (
    LUMA,
    ROTATION,
    SHIFT,
    ZOOM,
    Augmentation,
    augment,
    draw_augmentation,
)
from models.training.pair_batch import PairBatch

SIZE = 32


def nothing(pairs: int) -> Augmentation:
    zero, one = torch.zeros(pairs), torch.ones(pairs)
    return Augmentation(
        flip=torch.zeros(pairs, dtype=torch.bool),
        rotation=zero,
        zoom=one,
        shift=torch.zeros(pairs, 2),
        gain=torch.ones(pairs, 3),
        contrast=one,
        saturation=one,
        gamma=one,
        blur=zero,
        compression=zero,
    )


def random_batch(pairs: int) -> PairBatch:
    generator = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(pairs, *shape, generator=generator)

    return PairBatch(
        source=uniform(3, SIZE, SIZE),
        driving=uniform(3, SIZE, SIZE),
        source_angles=uniform(3) * 40 - 20,
        driving_angles=uniform(3) * 40 - 20,
        source_landmarks=uniform(68, 2) - 0.5,
        driving_landmarks=uniform(68, 2) - 0.5,
    )


def plain_batch(rgb: tuple[float, float, float]) -> PairBatch:
    image = torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, SIZE, SIZE)
    return replace(random_batch(1), source=image, driving=image)


def generators(pairs: int) -> list[np.random.Generator]:
    return [np.random.default_rng((0, pair)) for pair in range(pairs)]


def test_nothing_changes_nothing_to_the_bit_in_geometry() -> None:
    batch = random_batch(3)
    result = augment(batch, nothing(3))
    assert torch.allclose(result.source, batch.source, atol=1e-6)
    assert torch.allclose(result.driving, batch.driving, atol=1e-6)
    assert torch.equal(result.source_angles, batch.source_angles)
    assert torch.equal(result.driving_landmarks, batch.driving_landmarks)


def test_only_the_chosen_pairs_are_flipped_both_frames_of_them() -> None:
    batch = random_batch(3)
    result = augment(batch, replace(nothing(3), flip=torch.tensor([False, True, False])))
    for image, before in ((result.source, batch.source), (result.driving, batch.driving)):
        assert torch.allclose(image[1], before[1].flip(-1), atol=1e-6)
        assert torch.allclose(image[[0, 2]], before[[0, 2]], atol=1e-6)
    signs = torch.tensor([-1, 1, -1])
    assert torch.equal(result.source_angles[1], batch.source_angles[1] * signs)
    assert torch.equal(result.driving_angles[0], batch.driving_angles[0])
    mirrored = batch.driving_landmarks[1, list(MIRRORED_LANDMARKS)] * torch.tensor([-1, 1])
    assert torch.equal(result.driving_landmarks[1], mirrored)
    assert torch.equal(result.driving_landmarks[2], batch.driving_landmarks[2])


def test_source_and_driver_shift_alike() -> None:
    batch = random_batch(2)
    pixel = 2 / SIZE
    shift = torch.tensor([[0, 0], [3 * pixel, -2 * pixel]])  # 3 pixels right, 2 up
    result = augment(batch, replace(nothing(2), shift=shift))
    for moved, still in ((result.source, batch.source), (result.driving, batch.driving)):
        assert torch.allclose(moved[1, :, :-2, 3:], still[1, :, 2:, :-3], atol=1e-4)
        assert torch.allclose(moved[0], still[0], atol=1e-6)
    change = result.driving_landmarks[1] - batch.driving_landmarks[1]
    assert torch.allclose(change, shift[1].expand(68, 2), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"gain": torch.tensor([[1.2, 0.5, 1.0]])}, (0.6, 0.3, 0.4)),
        ({"contrast": torch.tensor([1.5])}, (0.5, 0.65, 0.35)),
        ({"gamma": torch.tensor([2.0])}, (0.25, 0.36, 0.16)),
        ({"gain": torch.tensor([[3.0, 1.0, 1.0]])}, (1.0, 0.6, 0.4)),
    ],
)
def test_colours_by_hand_alike_in_both_frames(
    change: dict[str, Tensor], expected: tuple[float, float, float]
) -> None:
    result = augment(plain_batch((0.5, 0.6, 0.4)), replace(nothing(1), **change))
    for image in (result.source, result.driving):
        assert image[0, :, 3, 5].tolist() == pytest.approx(expected, abs=1e-5)


def test_saturation_zero_leaves_the_luma() -> None:
    batch = plain_batch((0.9, 0.3, 0.1))
    result = augment(batch, replace(nothing(1), saturation=torch.zeros(1)))
    luma = sum(weight * part for weight, part in zip(LUMA, (0.9, 0.3, 0.1), strict=True))
    assert result.source[0, :, 0, 0].tolist() == pytest.approx([luma] * 3, abs=1e-5)


def test_blur_is_for_both_frames_and_compression_for_the_source_alone() -> None:
    batch = random_batch(2)
    same = replace(batch, driving=batch.source)
    blurred = augment(same, replace(nothing(2), blur=torch.tensor([0.0, 16.0])))
    assert torch.equal(blurred.source, blurred.driving)
    assert torch.allclose(blurred.source[0], batch.source[0], atol=1e-6)
    assert blurred.source[1].var() < batch.source[1].var() / 4  # 16 of 256 is 2 pixels of 32
    compressed = augment(same, replace(nothing(2), compression=torch.tensor([0.03, 0.0])))
    assert torch.allclose(compressed.driving, batch.source, atol=1e-6)
    assert torch.allclose(compressed.source[1], batch.source[1], atol=1e-6)
    assert not torch.allclose(compressed.source[0], batch.source[0], atol=1e-2)


def test_pictures_stay_in_range_and_labels_finite() -> None:
    result = augment(random_batch(64), draw_augmentation(generators(64)))
    for image in (result.source, result.driving):
        assert image.shape == (64, 3, SIZE, SIZE)
        assert image.dtype == torch.float32
        assert image.min() >= 0
        assert image.max() <= 1
    assert result.source_angles.isfinite().all()
    assert result.source_landmarks.isfinite().all()


def test_draws_stay_in_their_ranges_and_differ_between_pairs() -> None:
    drawn = draw_augmentation(generators(400))
    warped = drawn.zoom != 1
    assert warped.float().mean().item() == pytest.approx(0.7, abs=0.08)
    assert drawn.flip.float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert (drawn.blur > 0).float().mean().item() == pytest.approx(0.15, abs=0.06)
    assert (drawn.compression > 0).float().mean().item() == pytest.approx(0.25, abs=0.07)
    assert drawn.zoom[warped].min() >= ZOOM[0]
    assert drawn.zoom.max() <= ZOOM[1]
    assert drawn.rotation.abs().max() <= ROTATION
    assert (drawn.rotation[~warped] == 0).all()
    assert (drawn.shift[~warped] == 0).all()
    assert drawn.shift.abs().max() <= SHIFT
    assert len(set(drawn.rotation[warped].tolist())) > 200


def test_a_pairs_draw_depends_on_its_own_generator_alone() -> None:
    alone = draw_augmentation(generators(3)[2:])
    among = draw_augmentation(generators(3))
    assert torch.equal(alone.shift[0], among.shift[2])
    assert torch.equal(alone.gain[0], among.gain[2])
    assert torch.equal(alone.compression[0], among.compression[2])
