"""How well an engine's pictures agree with those of the networks in fp32, as they are written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from confapp.motion_frame import MotionFrame
from models.checkpoints.checkpoint import Checkpoint
from models.eager_reference import EagerReference
from models.motion_encoder import Motion
from models.talking_head import Picture, TalkingHead


@dataclass(frozen=True, slots=True)
class PictureAgreement:
    """Over some frames, driven by the same motion.

    Attributes:
        psnr_db: least over the frames, of the engine's uint8 picture against the reference.
        reference_deviation: least standard deviation of the reference's pixels over a frame, in
            [0, 1]: pictures that are all grey would agree too easily.
    """

    psnr_db: float
    reference_deviation: float


def picture_agreement(
    head: TalkingHead, checkpoint: Checkpoint, photo: Picture, frames: Sequence[Picture]
) -> PictureAgreement:
    """Render frames by the engine and by the reference, with the motion that the engine sees."""
    reference = EagerReference(checkpoint)
    appearance, source = head.encode_source(photo), reference.source(as_image(photo))
    psnr, deviations = [], []
    for frame in frames:
        motion = head.encode_motion(frame)
        picture = head.render(appearance, motion)
        field = reference.field(source, as_motion(motion))
        expected = reference.picture(source, field)
        error = float((as_image(picture) - expected).square().mean())
        psnr.append(-10 * np.log10(error))
        deviations.append(float(expected.std()))
    return PictureAgreement(float(min(psnr)), min(deviations))


def as_image(picture: Picture) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255


def as_motion(motion: MotionFrame) -> Motion:
    """One frame as a batch of one, fp32."""
    rotation, translation, deformations = (
        torch.from_numpy(numbers.astype(np.float32))[None]
        for numbers in (motion.rotation, motion.translation, motion.deformations)
    )
    return Motion(rotation, translation, deformations)
