"""Which frame drives which: pairs of frames of one person, balanced over people."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from confapp.errors import ConfappError
from models.training.data.footage import Floats, Footage, Kind
from models.training.data.frame_table import FrameTable

KIND_WEIGHTS: Mapping[Kind, float] = {Kind.CLIP: 0.76, Kind.PERSON: 0.14, Kind.STILL: 0.10}
DISTANCE_FLOOR = 0.02  # half pictures; keeps drivers close to the source possible
DISTANCE_CAP = 0.4  # half pictures; zooms, cuts and wrong labels lie beyond, 6 % of all pairs
EXPRESSION_GAIN = 8.0  # a blink, about 2 pixels of 256, counts like a turn of the head
EXPRESSIVE = (slice(36, 42), slice(42, 48), slice(48, 68))  # eyes and mouth in iBUG order

Doubles = npt.NDArray[np.float64]


def row_generator(seed: int, step: int, row: int) -> np.random.Generator:
    """The randomness of one row of the whole batch (over all processes) of one step.

    Nothing else enters, so training resumes at any step, and the batch of a step is the same
    however many processes share it.
    """
    return np.random.default_rng((seed, step, row))


def frame_distance(landmarks: Floats, source: int) -> Floats:
    """How far every frame of a clip is from one of them: (n, 68, 2) -> (n,), in half pictures.

    The mean distance of all landmarks (head pose and position), plus `EXPRESSION_GAIN` times that
    of the eye or the mouth that changed most, its points taken from their own centre.
    """
    shapes = [landmarks[:, part] - landmarks[:, part].mean(1, keepdims=True) for part in EXPRESSIVE]
    head = np.linalg.norm(landmarks - landmarks[source], axis=-1).mean(1)
    changes = [np.linalg.norm(shape - shape[source], axis=-1).mean(1) for shape in shapes]
    distance: Floats = head + EXPRESSION_GAIN * np.max(changes, axis=0)
    return distance


class PairSampler:
    """Draws pairs: a kind by its weight, a person of it, an entry of theirs, two frames of that.

    - A person's weight is the square root of their frames, so that someone with a hundred times
      the frames comes ten times as often; an entry's weight within a person is its frames.
    - Clips: any frame is the source; another drives with a probability proportional to its
      `frame_distance` (at most `DISTANCE_CAP`) + `DISTANCE_FLOOR`.
    - Stills: a variant is the source, the untouched photo the target.
    - Synthetic people: any two frames, either way.

    Args:
        kind_weights: shares of the kinds; a kind that the table has not leaves its share to the
            others.

    Raises:
        ConfappError: `data-empty` where no entry of a kind with a weight has two frames.
    """

    def __init__(
        self, table: FrameTable, kind_weights: Mapping[Kind, float] = KIND_WEIGHTS
    ) -> None:
        self._table = table
        self._drivers: dict[tuple[int, int], Doubles] = {}  # shares by entry and source
        people: dict[Kind, dict[str, list[int]]] = {kind: defaultdict(list) for kind in Kind}
        for entry, footage in enumerate(table.footage):
            if len(footage) > 1 and kind_weights.get(footage.kind, 0) > 0:
                people[footage.kind][footage.person].append(entry)
        self._kinds = [kind for kind in Kind if people[kind]]
        if not self._kinds:
            raise ConfappError("data-empty", "No entry of the shards has two frames to pair.")
        self._kind_steps = _steps([kind_weights[kind] for kind in self._kinds])
        self._people = {kind: list(people[kind].values()) for kind in self._kinds}
        self._people_steps = {
            kind: _steps([sum(self._lengths(entries)) ** 0.5 for entries in self._people[kind]])
            for kind in self._kinds
        }

    def sample(self, random: np.random.Generator) -> tuple[int, int]:
        """One pair: the frame numbers of source and driver."""
        kind = self._kinds[_pick(self._kind_steps, random)]
        entries = self._people[kind][_pick(self._people_steps[kind], random)]
        entry = entries[_pick(_steps(self._lengths(entries)), random)]
        source, driving = self._pair(entry, random)
        start = int(self._table.starts[entry])
        return start + source, start + driving

    def _pair(self, entry: int, random: np.random.Generator) -> tuple[int, int]:
        """Places of source and driver in one entry of two frames or more."""
        footage = self._table.footage[entry]
        if footage.kind is Kind.STILL:
            return int(random.integers(1, len(footage))), 0
        source = int(random.integers(len(footage)))
        steps = self._drivers.get((entry, source))
        if steps is None:
            steps = self._drivers[entry, source] = _steps(_driver_weights(footage, source))
        return source, _pick(steps, random)

    def _lengths(self, entries: list[int]) -> list[int]:
        return [len(self._table.footage[entry]) for entry in entries]


def _driver_weights(footage: Footage, source: int) -> Doubles:
    """How often each frame of an entry drives a source of it."""
    weights = np.ones(len(footage))
    if footage.kind is Kind.CLIP:
        distance = frame_distance(footage.landmarks, source)
        weights = np.nan_to_num(distance).clip(max=DISTANCE_CAP).astype(np.float64)
        weights += DISTANCE_FLOOR
    weights[source] = 0
    return weights


def _steps(weights: list[int] | list[float] | Doubles) -> Doubles:
    """Cumulative shares, for `_pick`; the last is 1."""
    steps: Doubles = np.cumsum(np.asarray(weights, np.float64))
    steps /= steps[-1]
    return steps


def _pick(steps: Doubles, random: np.random.Generator) -> int:
    return int(np.searchsorted(steps, random.random(), side="right"))
