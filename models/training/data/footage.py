"""Pictures of one face with their labels: a clip, a re-posed still or a synthetic person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from models.facial_landmarks import LANDMARKS
from models.training.data.picture import picture_side, sequence_length

SEQUENCE_FILE = "frames.avif"
STILL_FILES = ("photo.webp", "variant0.webp", "variant1.webp")

Floats = npt.NDArray[np.float32]


class Kind(StrEnum):
    """What an entry of a shard is; the value names its JSON file (`clip.json`)."""

    CLIP = "clip"
    STILL = "still"
    PERSON = "person"


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """One entry of a shard. In a still, frame 0 is the untouched photo and the others its variants.

    Attributes:
        kind: clip, still or synthetic person.
        name: the entry's folder in its shard.
        person: whom it shows; the unit for balancing.
        source, tier: where it is from and under what terms; "" where the shard does not say.
        pictures: one encoded picture a frame, or a single AVIF sequence of all frames.
        angles: (n, 3) yaw, pitch, roll in degrees; NaN where there is no label.
        landmarks: (n, 68, 2) x, y in [-1, 1] as `models.geometry`; NaN where there is none.
    """

    kind: Kind
    name: str
    person: str
    source: str
    tier: str
    pictures: tuple[bytes, ...]
    angles: Floats
    landmarks: Floats

    @property
    def is_sequence(self) -> bool:
        """All frames are in one AVIF sequence."""
        return len(self.pictures) == 1 and len(self) > 1

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.angles)


def read_footage(name: str, files: Mapping[str, bytes]) -> Footage | None:
    """Read one entry: its files by name, one of them `clip.json`, `still.json` or `person.json`.

    Returns:
        The footage, or None where no such JSON is among the files (something else lies there).

    Raises:
        ValueError: the JSON, a label or a picture is missing or broken.
    """
    for kind in Kind:
        if f"{kind}.json" in files:
            break
    else:
        return None
    try:
        facts = json.loads(files[f"{kind}.json"])
        labels = _frame_labels(kind, facts)
        pictures = _pictures(kind, labels, files)
        side = picture_side(pictures[0])
        return Footage(
            kind=kind,
            name=name,
            person=str(facts.get("person", name)),
            source=str(facts.get("source", "")),
            tier=str(facts.get("tier", "")),
            pictures=pictures,
            angles=np.stack([_angles(frame) for frame in labels]),
            landmarks=np.stack([_landmarks(frame, side) for frame in labels]),
        )
    except KeyError as error:
        raise ValueError(f"{error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{kind}.json has another layout ({error})") from error


def _frame_labels(kind: Kind, facts: Any) -> list[dict[str, Any]]:
    """The labels of every frame, in the order of the frames."""
    if kind is Kind.STILL:
        poses = [facts["photo"], *facts["variants"]]
        landmarks = [facts.get("landmarks"), *facts.get("variant_landmarks", [])]
        landmarks += [None] * (len(poses) - len(landmarks))
        frames = [
            {**pose, "landmarks": points} for pose, points in zip(poses, landmarks, strict=True)
        ]
    else:
        frames = list(facts["frames"])
    if not frames:
        raise ValueError("it has no frames")
    return frames


def _pictures(
    kind: Kind, labels: list[dict[str, Any]], files: Mapping[str, bytes]
) -> tuple[bytes, ...]:
    if kind is Kind.STILL:
        return tuple(files[name] for name in STILL_FILES[: len(labels)])
    if SEQUENCE_FILE not in files:
        return tuple(files[frame["file"]] for frame in labels)
    frames = sequence_length(files[SEQUENCE_FILE])
    if frames != len(labels):
        raise ValueError(f"{SEQUENCE_FILE} has {frames} frames, the labels {len(labels)}")
    return (files[SEQUENCE_FILE],)


def _angles(frame: dict[str, Any]) -> Floats:
    values = [frame.get(name) for name in ("yaw", "pitch", "roll")]
    return np.array([np.nan if value is None else value for value in values], np.float32)


def _landmarks(frame: dict[str, Any], side: int) -> Floats:
    """(68, 2) in [-1, 1]; the shards count pixels from the picture's edge, 0 to `side`."""
    points = frame.get("landmarks")
    if points is None:
        return np.full((LANDMARKS, 2), np.nan, np.float32)
    pixels = np.array(points, np.float32)
    if pixels.shape != (LANDMARKS, 2):
        raise ValueError(f"landmarks of shape {pixels.shape} instead of ({LANDMARKS}, 2)")
    coordinates: Floats = (pixels * (2 / side) - 1).astype(np.float32)
    return coordinates
