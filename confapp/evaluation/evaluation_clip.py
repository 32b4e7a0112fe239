"""Clips to measure on: from validation shards, or from a folder of videos."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.errors import ConfappError
from confapp.evaluation.face_landmarks import FaceLandmarks
from confapp.evaluation.face_region import FacePlace
from confapp.media.clip import Clip
from confapp.media.face_detector import FaceDetector
from confapp.media.video_frame import RgbImage
from models.training.data.validation import ValidationClip, read_validation_clips

VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".mov")
PEOPLE_FILE = "clips.json"  # optional: [{"file": ..., "identity": ...}]
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
    folder: Path, side: int, landmarks: FaceLandmarks | None, drivers: int | None = None
) -> Iterator[EvaluationClip]:
    """The square videos of a folder; frames without a face are left out.

    Args:
        landmarks: None leaves them unknown.
        side, drivers: as `shard_clips`.

    Raises:
        ConfappError: `videos-not-found`.
    """
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    if not paths:
        raise ConfappError("videos-not-found", f"There is no video in {folder}.")
    people = _people(folder)
    clips = (
        _tracked(path, people.get(path.name, path.stem), side, landmarks, drivers) for path in paths
    )
    return (clip for clip in clips if clip is not None)


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


def _tracked(
    path: Path, person: str, side: int, landmarks: FaceLandmarks | None, drivers: int | None
) -> EvaluationClip | None:
    try:
        clip = Clip(path)
    except ConfappError as error:
        logger.warning("%s is left out: %s", path.name, error.message)
        return None
    if clip.size[0] != clip.size[1]:
        logger.warning("%s is left out: its pictures are not square", path.name)
        return None
    detector = FaceDetector()
    shown = [_resized(frame.rgb, side) for frame in clip.frames()]
    numbers, labels = [], []
    for number in _spread(len(shown), drivers):
        faces = detector.detect(shown[number])
        if faces:
            numbers.append(number)
            place = FacePlace.of_box(faces[0])
            labels.append(landmarks.find(shown[number], place) if landmarks else UNKNOWN)
    if len(numbers) < 2:
        logger.warning("%s is left out: fewer than two frames show a face", path.name)
        return None
    frames = [shown[number] for number in numbers]
    return EvaluationClip(path.stem, person, frames, np.stack(labels), np.array(numbers))


def _spread(count: int, drivers: int | None) -> list[int]:
    """Frame 0 and so many of the others, evenly spread; None takes all."""
    if drivers is None or drivers >= count - 1:
        return list(range(count))
    return [0, *np.linspace(1, count - 1, drivers).round().astype(int).tolist()]


def _resized(rgb: RgbImage, side: int) -> RgbImage:
    if rgb.shape[0] == side:
        return rgb
    way = cv2.INTER_AREA if rgb.shape[0] > side else cv2.INTER_LINEAR
    return cv2.resize(rgb, (side, side), interpolation=way).astype(np.uint8, copy=False)


def _people(folder: Path) -> dict[str, str]:
    """Whom each file shows, where the folder says so."""
    path = folder / PEOPLE_FILE
    if not path.is_file():
        return {}
    try:
        return {entry["file"]: str(entry["identity"]) for entry in json.loads(path.read_text())}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfappError(
            "people-unreadable",
            f'{path} is no list of {{"file": ..., "identity": ...}} ({error!r}).',
        ) from error
