"""The engine against the networks as they are written."""

import cv2
import numpy as np
import pytest
import torch
from tiny_models import trained_some_steps

from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.photo import load_photo
from models.config import DEFAULT_CONFIG
from models.engine_plan import EnginePlan
from models.engine_precision import FP32, Precision
from models.picture_agreement import picture_agreement
from models.talking_head import Picture, TalkingHead, find_checkpoint

LEAST_PSNR_DB = 38.0
LEAST_DEVIATION = 0.1
FP32_PSNR_DB = 57.0  # pixels are rounded to a byte, 58.9 dB at best; the rest must not show
FRAMES = 10


def plan(precision: Precision, *, compiled: bool = False) -> EnginePlan:
    return EnginePlan(torch.device("cpu"), precision, "of the test", compiled)


def pictures(count: int, size: int) -> list[Picture]:
    """Strong colours that differ everywhere, and a little from picture to picture."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    rolled = (np.roll(base, shift, 1) for shift in range(count))
    return [cv2.resize(one, (size, size), interpolation=cv2.INTER_CUBIC) for one in rolled]  # type: ignore[misc]


@pytest.mark.parametrize(
    "name",
    [
        "lite-256",
        "lite-128-flat",
        "lite-128-direct",
        "lite-128-plain",
        "paper-256",
        "paper-256-flat",
        "vox-256",
    ],
)
def test_fp32_is_the_same_arithmetic(name: str) -> None:
    checkpoint = trained_some_steps(name)
    head = TalkingHead(checkpoint, trained=False, plan=plan(FP32))
    photo, *frames = pictures(FRAMES + 1, 64)
    agreement = picture_agreement(head, checkpoint, photo, frames)
    assert agreement.psnr_db > FP32_PSNR_DB


@pytest.mark.parametrize("compiled", [False, True], ids=["torch", "openvino"])
@pytest.mark.parametrize(
    "precision",
    [
        FP32,
        Precision(torch.bfloat16),
        Precision(torch.float32, quantised=True),
        Precision(torch.bfloat16, quantised=True),
    ],
    ids=str,
)
def test_trained_weights_on_the_demo(precision: Precision, compiled: bool) -> None:
    """Ten frames, where an all grey picture would not pass."""
    checkpoint, _ = find_checkpoint(DEFAULT_CONFIG)
    head = TalkingHead(checkpoint, trained=True, plan=plan(precision, compiled=compiled))

    def at_256(picture: Picture) -> Picture:
        small = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA)
        return small.astype(np.uint8)

    clip = [frame.rgb for frame in Clip(PEOPLE / "ada.mp4").frames()]
    frames = [at_256(rgb) for rgb in clip[:: len(clip) // FRAMES][:FRAMES]]
    photo = at_256(load_photo(PEOPLE / "ada.png"))
    agreement = picture_agreement(head, checkpoint, photo, frames)
    assert agreement.reference_deviation > LEAST_DEVIATION
    assert agreement.psnr_db >= LEAST_PSNR_DB


def test_sources_do_not_mix() -> None:
    """What is kept of one source stays with it."""
    head = TalkingHead(trained_some_steps("lite-256"), trained=False, plan=plan(FP32))
    one, other, frame = pictures(3, 64)
    motion = head.encode_motion(frame)
    first = head.encode_source(one)
    before = head.render(first, motion)
    head.render(head.encode_source(other), motion)
    assert np.array_equal(head.render(first, motion), before)
