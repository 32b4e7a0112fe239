"""Landmarks of shards found anew, by a network that sees more than the one that labelled them.

Closed eyes tell such networks apart: a mesh that hardly moves its lids labels a blink as a half
open eye, and what is learned from that never blinks.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confapp.dataset.head_pose_label import FaceLabeller
from confapp.evaluation.face_region import FacePlace, Points
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.video_frame import RgbImage
from models.training.data.footage import Footage, Kind, read_footage
from models.training.data.picture import decode_picture, decode_sequence, picture_side
from models.training.data.shard import read_entries
from models.training.data.shard_writer import POINT_DIGITS, write_entries


@dataclass(slots=True)
class LabelCounts:
    """What became of pictures and entries.

    Attributes:
        found: pictures with landmarks of the network.
        kept: pictures whose old landmarks stay, since the network sees no face there.
        without: pictures without landmarks before or after.
        unread: entries that cannot be read; they are copied as they are.
    """

    found: int = 0
    kept: int = 0
    without: int = 0
    unread: int = 0


class Relabelling:
    """Copies shards with the landmarks that a network finds; head poses and pictures stay.

    Args:
        labeller: the network.
        detector: tells where a face is that had no landmarks.

    Attributes:
        counts: over all shards so far.
    """

    def __init__(self, labeller: FaceLabeller, detector: FaceDetector) -> None:
        self._labeller = labeller
        self._detector = detector
        self.counts = LabelCounts()

    def copy(
        self, shard: Path, out: Path, advance: Callable[[int], None] = lambda _pictures: None
    ) -> None:
        """Write one tar of a shard's entries.

        Args:
            shard: a tar or a folder, see `models.training.data.shard`.
            out: the tar to write.
            advance: called after each entry with its number of pictures.

        Raises:
            ConfappError: `shard-unwritable`.
        """
        write_entries(out, self._entries(shard, advance))

    def _entries(
        self, shard: Path, advance: Callable[[int], None]
    ) -> Iterator[tuple[str, dict[str, bytes]]]:
        for name, files in read_entries(shard):
            try:
                footage = read_footage(name, files)
                frames = [] if footage is None else _decoded(footage)
            except ValueError:
                self.counts.unread += 1
                footage = None
            if footage is not None:
                file = f"{footage.kind}.json"
                facts = json.loads(files[file])
                landmarks = [
                    self._find(frame, old)
                    for frame, old in zip(frames, _pixels(footage, frames), strict=True)
                ]
                files[file] = json.dumps(_with(facts, footage.kind, landmarks)).encode()
                advance(len(landmarks))
            yield name, files

    def _find(self, frame: RgbImage, old: Points | None) -> Points | None:
        """Landmarks of one picture, old ones where the network sees no face."""
        face = self._largest(frame) if old is None else _box(old)
        labels = None if face is None else self._labeller.label(frame, face)
        if labels is not None and labels.landmarks is not None:
            self.counts.found += 1
            return labels.landmarks
        if old is None:
            self.counts.without += 1
        else:
            self.counts.kept += 1
        return old

    def _largest(self, frame: RgbImage) -> FaceBox | None:
        return max(self._detector.detect(frame), key=lambda face: face.size, default=None)


def _decoded(footage: Footage) -> list[RgbImage]:
    side = picture_side(footage.pictures[0])
    if footage.is_sequence:
        pictures = list(decode_sequence(footage.pictures[0], side))
    else:
        pictures = [decode_picture(picture, side) for picture in footage.pictures]
    return [np.ascontiguousarray(picture.transpose(1, 2, 0)) for picture in pictures]


def _pixels(footage: Footage, frames: list[RgbImage]) -> Iterator[Points | None]:
    """The labels in pixels of their pictures."""
    for points, frame in zip(footage.landmarks.astype(np.float64), frames, strict=True):
        yield (points + 1) * (len(frame) / 2) if np.isfinite(points).all() else None


def _box(landmarks: Points) -> FaceBox:
    place = FacePlace.of_landmarks(landmarks)
    half = place.side / 2
    return FaceBox(place.x - half, place.y - half, place.side, 1.0)


def _with(facts: dict[str, Any], kind: Kind, landmarks: list[Points | None]) -> dict[str, Any]:
    """An entry's JSON with other landmarks, in the layout of its kind."""
    points = [None if one is None else one.round(POINT_DIGITS).tolist() for one in landmarks]
    if kind is Kind.STILL:
        return {**facts, "landmarks": points[0], "variant_landmarks": points[1:]}
    frames = [
        {**frame, "landmarks": one} for frame, one in zip(facts["frames"], points, strict=True)
    ]
    return {**facts, "frames": frames}
