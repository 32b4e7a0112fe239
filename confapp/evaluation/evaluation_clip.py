"""Clips to measure on: from validation shards, or from a folder of videos."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from confapp.evaluation.face_landmarks import FaceLandmarks
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.folder_clip import ClipFolder, FolderClip
from confapp.media.video_frame import RgbImage
from models.training.data.validation import ValidationClip, read_validation_clips

UNKNOWN = np.full((68, 2), np.nan)  # landmarks that nothing told

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationClip:
    """Frames of one person with their landmarks.

    Attributes:
        name: of the clip.
        person: whom it shows.
        frames: n >= 2 pictures, (S, S, 3) uint8; the first is the source.
        landmarks: (n, 68, 2) pixels; not a number where nothing told them.
        numbers: (n,) of the frames in the footage, rising; a gap is frames that were left out.
    """

    name: str
    person: str
    frames: Sequence[RgbImage]
    landmarks: NDArray[np.float64]
    numbers: NDArray[np.int64]


def shard_clips(
    paths: Sequence[Path], side: int, drivers: int | None = None
) -> Iterator[EvaluationClip]:
    """The clips of validation shards; frames without landmarks are left out.

    Args:
        side: of the pictures, pixels.
        drivers: this many of each clip, evenly spread; None for all.

    Raises:
        ConfappError: `data-not-found`, `data-empty`.
    """
    clips = read_validation_clips(paths, side)
    return (made for clip in clips if (made := _labelled(clip, side, drivers)) is not None)


def video_clips(
    folder: ClipFolder, landmarks: FaceLandmarks | None, drivers: int | None = None
) -> Iterator[EvaluationClip]:
    """The videos of a folder; frames without a face are left out.

    Args:
        landmarks: None leaves them unknown.
        drivers: as `shard_clips`.
    """
    for path in folder.paths:
        footage = folder.read(path)
        clip = tracked_clip(folder, footage, landmarks, drivers) if footage else None
        if clip is not None:
            yield clip


def tracked_clip(
    folder: ClipFolder,
    footage: FolderClip,
    landmarks: FaceLandmarks | None,
    drivers: int | None = None,
) -> EvaluationClip | None:
    """The frames of a video that show a face; None, with a note, where fewer than two do."""
    faces = folder.faces(footage, _spread(len(footage.frames), drivers))
    if len(faces) < 2:
        folder.leave_out(footage.path, "fewer than two of its frames show a face")
        return None
    numbers = list(faces)
    frames = [footage.frames[number] for number in numbers]
    labels = [
        landmarks.find(frame, FacePlace.of_box(faces[number])) if landmarks else UNKNOWN
        for number, frame in zip(numbers, frames, strict=True)
    ]
    return EvaluationClip(footage.name, footage.person, frames, np.stack(labels), np.array(numbers))


def _labelled(clip: ValidationClip, side: int, drivers: int | None) -> EvaluationClip | None:
    labels = clip.landmarks.double().numpy()
    known = np.flatnonzero(np.isfinite(labels).all(axis=(1, 2)))
    if len(known) < 2:
        logger.warning("%s is left out: fewer than two frames have landmarks", clip.footage.name)
        return None
    known = known[_spread(len(known), drivers)]
    pixels = (clip.frames[known] * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    return EvaluationClip(
        clip.footage.name, clip.footage.person, list(pixels), (labels[known] + 1) / 2 * side, known
    )


def _spread(count: int, drivers: int | None) -> list[int]:
    """Frame 0 and so many of the others, evenly spread; None takes all."""
    if drivers is None or drivers >= count - 1:
        return list(range(count))
    return [0, *np.linspace(1, count - 1, drivers).round().astype(int).tolist()]
