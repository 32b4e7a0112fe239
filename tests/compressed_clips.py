"""Clips and their measurements, known beforehand."""

import dataclasses
from fractions import Fraction
from pathlib import Path

from tiny_perception import bright_spot_landmarks, lpips_file

from confapp.evaluation.anchor_codec import X264, AnchorCodec
from confapp.evaluation.compression import ClipCompression, StreamScores
from confapp.evaluation.lpips import Lpips
from confapp.evaluation.picture_metrics import PictureMetrics

SECONDS = 2.0
FPS = Fraction(25)
SMALL_X264 = dataclasses.replace(X264, crfs={1: (30, 50), 2: (40,)})


def small_codecs() -> tuple[AnchorCodec, ...]:
    """One encoder with three encodes."""
    return (SMALL_X264,)


def stand_in_metrics(folder: Path) -> PictureMetrics:
    """A narrow LPIPS, and landmarks where a picture is brightest."""
    return PictureMetrics(Lpips(lpips_file(folder / "lpips.safetensors")), bright_spot_landmarks())


def mode(lpips: float, akd: float, payload: int = 10, frames: int = 50) -> StreamScores:
    """One of our modes: `payload` bytes a frame and 6 of header."""
    return StreamScores(
        "paper, 5 keypoints",
        "paper",
        [payload] * frames,
        [payload + 6] * frames,
        {"lpips": lpips, "akd": akd},
    )


def encode(lpips: float, akd: float, sizes: list[int], crf: int = 30) -> StreamScores:
    """An encode of x264."""
    return StreamScores("x264", "x264", sizes, [], {"lpips": lpips, "akd": akd}, crf, 1)


def compressed(
    name: str,
    modes: list[StreamScores],
    encodes: list[StreamScores],
    frozen_akd: float = 10.0,
) -> ClipCompression:
    """A clip of two seconds with a source of 1000 bytes."""
    frozen = {"lpips": 0.1, "akd": frozen_akd}
    return ClipCompression(name, name, 50, SECONDS, [1, 2], 1000, frozen, modes, encodes)
