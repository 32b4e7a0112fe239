"""What a webcam and a room do to a picture, on batches of pairs, on the CPU or a GPU.

The target must stay what the source shows, so colour, blur, flip, rotation, zoom and shift are the
same for both frames of a pair: the view stays still, and so does the room behind the head.
Compression is for the source only (a photo arrives compressed, and its blocks are nothing to be
reproduced). Labels move along with the pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.training.data.degradation import block_compression, gaussian_blur
from models.training.data.frame_transform import LabelledFrames, mirror, move
from models.training.pair_batch import PairBatch

FLIP_SHARE = 0.5
WARP_SHARE = 0.7  # resampling softens, so some pairs stay as they are
COLOUR_SHARE = 0.8
BLUR_SHARE = 0.15
COMPRESSION_SHARE = 0.25

ZOOM = (0.94, 1.12)
ROTATION = 6.0  # degrees either way
SHIFT = 0.05  # of half the picture either way
BRIGHTNESS = 0.2  # factor 1 - to 1 +
CONTRAST = 0.2
SATURATION = 0.3
GAMMA = 0.25  # exponent 1 / (1 +) to 1 +
WHITE_BALANCE = 0.08  # factor of each channel
BLUR = (0.3, 1.2)  # standard deviation in pixels of a picture of 256
BLUR_REFERENCE_SIZE = 256
COMPRESSION = (0.004, 0.03)  # quantisation step, see `block_compression`

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What happens to each of B pairs, in the order of the attributes; tensors on the CPU.

    Attributes:
        flip: (B,) bool, mirror left and right.
        rotation: (B,) degrees clockwise about the centre.
        zoom: (B,) factor about the centre.
        shift: (B, 2), (x, y) in half pictures.
        gain: (B, 3) factor of each channel (brightness and white balance).
        contrast: (B,) factor about mid grey.
        saturation: (B,) factor about each pixel's luma.
        gamma: (B,) exponent.
        blur: (B,) standard deviation in pixels of a picture of 256; 0 for none.
        compression: (B,) quantisation step for the source; 0 for none.
    """

    flip: Tensor
    rotation: Tensor
    zoom: Tensor
    shift: Tensor
    gain: Tensor
    contrast: Tensor
    saturation: Tensor
    gamma: Tensor
    blur: Tensor
    compression: Tensor


def draw_augmentation(randoms: Sequence[np.random.Generator]) -> Augmentation:
    """One augmentation for each of B generators."""
    draws = _Draws(randoms)
    warp, colour = draws.happens(WARP_SHARE), draws.happens(COLOUR_SHARE)
    shift = draws.around(SHIFT, 2)
    gain = (1 + draws.around(BRIGHTNESS, 1)) * (1 + draws.around(WHITE_BALANCE, 3))
    return Augmentation(
        flip=draws.happens(FLIP_SHARE),
        rotation=warp * draws.around(ROTATION),
        zoom=torch.where(warp, draws.between(*ZOOM), 1),
        shift=warp[:, None] * shift,
        gain=torch.where(colour[:, None], gain, 1),
        contrast=torch.where(colour, 1 + draws.around(CONTRAST), 1),
        saturation=torch.where(colour, 1 + draws.around(SATURATION), 1),
        gamma=torch.where(colour, (1 + GAMMA) ** draws.around(1), 1),
        blur=draws.happens(BLUR_SHARE) * draws.between(*BLUR),
        compression=draws.happens(COMPRESSION_SHARE) * draws.between(*COMPRESSION),
    )


def augment(batch: PairBatch, augmentation: Augmentation) -> PairBatch:
    """The batch with its augmentation; pictures stay in [0, 1]."""
    frames = LabelledFrames(
        torch.cat([batch.source, batch.driving]),
        torch.cat([batch.source_angles, batch.driving_angles]),
        torch.cat([batch.source_landmarks, batch.driving_landmarks]),
    )
    frames = _transformed(frames, augmentation)
    source, driving = _degraded(_coloured(frames.images, augmentation), augmentation).chunk(2)
    source_angles, driving_angles = frames.angles.chunk(2)
    source_landmarks, driving_landmarks = frames.landmarks.chunk(2)
    return PairBatch(
        source=source,
        driving=driving,
        source_angles=source_angles,
        driving_angles=driving_angles,
        source_landmarks=source_landmarks,
        driving_landmarks=driving_landmarks,
    )


def _transformed(frames: LabelledFrames, augmentation: Augmentation) -> LabelledFrames:
    """Flip and move 2B frames: the sources, then the drivers."""
    device = frames.images.device
    flipped = _rows(augmentation.flip.repeat(2), device)
    if len(flipped):
        frames = frames.replaced(flipped, mirror(frames[flipped]))
    rotation, zoom = augmentation.rotation.repeat(2), augmentation.zoom.repeat(2)
    shift = augmentation.shift.repeat(2, 1)
    # Rows that stay in place are not resampled, so that they stay sharp to the bit.
    moved = _rows((rotation != 0) | (zoom != 1) | (shift != 0).any(1), device)
    if len(moved):
        to = [part.to(device)[moved] for part in (rotation, zoom, shift)]
        frames = frames.replaced(moved, move(frames[moved], *to))
    return frames


def _coloured(images: Tensor, augmentation: Augmentation) -> Tensor:
    """The same change of colour for both frames of a pair: (2 B, 3, S, S)."""

    def factor(values: Tensor) -> Tensor:
        return (
            values.to(images.device)
            .repeat(2, *[1] * (values.dim() - 1))
            .view(len(images), -1, 1, 1)
        )

    images = images * factor(augmentation.gain)
    images = (images - 0.5) * factor(augmentation.contrast) + 0.5
    luma = (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    images = torch.lerp(luma, images, factor(augmentation.saturation))
    return images.clamp(0, 1) ** factor(augmentation.gamma)


def _degraded(images: Tensor, augmentation: Augmentation) -> Tensor:
    """Blur both frames of a pair alike, compress the source: (2 B, 3, S, S)."""
    scale = images.shape[-1] / BLUR_REFERENCE_SIZE
    blur = augmentation.blur.repeat(2) * scale
    blurred = _rows(blur > 0, images.device)
    if len(blurred):
        images = images.index_copy(0, blurred, gaussian_blur(images[blurred], blur[blur > 0]))
    step = augmentation.compression
    compressed = _rows(step > 0, images.device)
    if len(compressed):
        blocks = block_compression(images[compressed], step[step > 0])
        images = images.index_copy(0, compressed, blocks)
    return images.clamp(0, 1)


def _rows(chosen: Tensor, device: torch.device) -> Tensor:
    """Numbers of the chosen rows; found on the CPU, so that a GPU need not be waited for."""
    return chosen.nonzero().flatten().to(device)


class _Draws:
    """Uniform random numbers, one row a generator, always taken in the same order."""

    def __init__(self, randoms: Sequence[np.random.Generator]) -> None:
        self._randoms = randoms

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        """(B, *shape) in [low, high)."""
        rows = np.stack([random.random(shape, np.float32) for random in self._randoms])
        return torch.from_numpy(rows) * (high - low) + low

    def around(self, reach: float, *shape: int) -> Tensor:
        """(B, *shape) in [-reach, reach)."""
        return self.between(-reach, reach, *shape)

    def happens(self, share: float) -> Tensor:
        """(B,) bool, true in a share of the rows."""
        return self.between(0, 1) < share
