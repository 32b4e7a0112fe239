"""Stretches of a video that one still view can show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.stable_view import stable_view
from confapp.dataset.survey import Look
from confapp.media.face_detector import FaceBox
from confapp.media.framing import JUMP_DISTANCE, JUMP_SCALE, Square

LEAST_FRAMES = 8
MOST_FRAMES = 100  # of a clip: a long speech makes many clips, and each has its own view
LONGEST_RUN = 6 * MOST_FRAMES  # before it is split; every new face is compared with all of them
LONGEST_GAP_MS = 1000  # without a usable face: after it, somebody else may be there


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """A usable look: `index`, `time_ms` and `face` as in `Look`."""

    index: int
    time_ms: int
    face: FaceBox


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Looks at one face of one shot, in order, and the view that shows them all.

    Attributes:
        view: whole pixels of the picture, inside it.
        faces: `LEAST_FRAMES` to `MOST_FRAMES`.
    """

    view: Square
    faces: Sequence[SeenFace]


def find_pieces(looks: Sequence[Look]) -> tuple[list[Piece], dict[DropReason, int]]:
    """Cut a video into pieces.

    A new piece begins at a cut, where the face jumps, after a second without a usable face, and
    where no view shows the face both as it was and as it is. Long ones are split evenly.

    Returns:
        The pieces in order, and how many of the other looks fell to which reason. Every look is
        in one of the two.
    """
    dropped = dict.fromkeys(DropReason, 0)
    runs = _Runs()
    for look in looks:
        if look.cut:
            runs.end()
        if look.face is None or look.fault is not None:
            dropped[look.fault or DropReason.NO_FACE] += 1
        elif stable_view([look.face], *look.size) is None:
            dropped[DropReason.EDGE] += 1
        else:
            runs.add(look, look.face)
    pieces = []
    for size, run in runs.found:
        for part in np.array_split(np.arange(len(run)), math.ceil(len(run) / MOST_FRAMES)):
            faces = [run[i] for i in part]
            view = stable_view([one.face for one in faces], *size)
            if view is None or len(faces) < LEAST_FRAMES:
                dropped[DropReason.SHORT_PIECE] += len(faces)
            else:
                pieces.append(Piece(view, faces))
    return pieces, dropped


class _Runs:
    """Grows one run after the other.

    Attributes:
        found: picture size and faces of each run.
    """

    def __init__(self) -> None:
        self.found: list[tuple[tuple[int, int], list[SeenFace]]] = []
        self._ended = True

    def end(self) -> None:
        self._ended = True

    def add(self, look: Look, face: FaceBox) -> None:
        """A face that a view can show by itself."""
        seen = SeenFace(look.index, look.time_ms, face)
        if self._ended or not self._goes_on(seen, look.size):
            self.found.append((look.size, []))
            self._ended = False
        self.found[-1][1].append(seen)

    def _goes_on(self, seen: SeenFace, size: tuple[int, int]) -> bool:
        last_size, run = self.found[-1]
        last = run[-1]
        if size != last_size or seen.time_ms - last.time_ms > LONGEST_GAP_MS:
            return False
        if len(run) >= LONGEST_RUN or _is_jump(last.face, seen.face):
            return False
        return stable_view([*(one.face for one in run), seen.face], *size) is not None


def _is_jump(last: FaceBox, face: FaceBox) -> bool:
    """Farther or larger than a head can be from one look to the next."""
    way = math.dist(last.centre, face.centre)
    scale = face.size / last.size
    return way > JUMP_DISTANCE * last.size or not 1 / JUMP_SCALE < scale < JUMP_SCALE
