from collections import Counter

import numpy as np
import pytest
from tiny_shards import points

from confapp.errors import ConfappError
from models.training.data.footage import Footage, Kind
from models.training.data.frame_table import FrameTable
from models.training.data.pair_sampler import (
    DISTANCE_FLOOR,
    EXPRESSION_GAIN,
    PairSampler,
    frame_distance,
    row_generator,
)

DRAWS = 2500
FACE = np.array(points(0, 2)) - 1


def footage(kind: Kind, person: str, landmarks: np.ndarray) -> Footage:
    return Footage(
        kind=kind,
        name=person,
        person=person,
        source="",
        tier="",
        pictures=(b"",) * len(landmarks),
        angles=np.zeros((len(landmarks), 3), np.float32),
        landmarks=landmarks.astype(np.float32),
    )


def shifted(x: float, y: float) -> np.ndarray:
    moved: np.ndarray = FACE + np.array([x, y])
    return moved


def still_frames(frames: int) -> np.ndarray:
    return np.repeat(FACE[None], frames, 0)


def shares(table: FrameTable, sampler: PairSampler) -> Counter[int]:
    """How often each entry was drawn, of `DRAWS`."""
    pairs = [sampler.sample(row_generator(0, step, 0)) for step in range(DRAWS)]
    entries = [(table.locate(source)[0], table.locate(driving)[0]) for source, driving in pairs]
    assert all(source == driving for source, driving in entries)
    assert all(source != driving for source, driving in pairs)
    return Counter(source for source, _ in entries)


def test_a_person_counts_by_the_root_of_their_frames_however_they_are_cut() -> None:
    table = FrameTable(
        [
            footage(Kind.CLIP, "often", still_frames(20)),
            footage(Kind.CLIP, "often", still_frames(60)),
            footage(Kind.CLIP, "often", still_frames(20)),
            footage(Kind.CLIP, "seldom", still_frames(4)),
        ]
    )
    drawn = shares(table, PairSampler(table))
    # sqrt(100) : sqrt(4) = 5 : 1, and 20 : 60 : 20 within the first person.
    expected = [5 / 6 / 5, 5 / 6 * 3 / 5, 5 / 6 / 5, 1 / 6]
    assert [drawn[i] / DRAWS for i in range(4)] == pytest.approx(expected, abs=0.03)


def test_kinds_come_by_their_weights_and_absent_ones_leave_their_share() -> None:
    clips = footage(Kind.CLIP, "a", still_frames(3))
    stills = footage(Kind.STILL, "b", still_frames(3))
    people = footage(Kind.PERSON, "c", np.full((3, 68, 2), np.nan))
    table = FrameTable([clips, stills, people])
    drawn = shares(table, PairSampler(table))
    assert [drawn[i] / DRAWS for i in range(3)] == pytest.approx([0.76, 0.10, 0.14], abs=0.03)
    drawn = shares(table, PairSampler(table, {Kind.STILL: 3, Kind.CLIP: 0, Kind.PERSON: 1}))
    assert [drawn[i] / DRAWS for i in range(3)] == pytest.approx([0, 0.75, 0.25], abs=0.03)
    table = FrameTable([clips, people])
    drawn = shares(table, PairSampler(table))
    assert drawn[0] / DRAWS == pytest.approx(0.76 / 0.90, abs=0.03)


def test_the_target_of_a_still_is_its_photo() -> None:
    table = FrameTable([footage(Kind.STILL, "b", still_frames(3))])
    sampler = PairSampler(table)
    pairs = {sampler.sample(row_generator(0, step, 0)) for step in range(50)}
    assert pairs == {(1, 0), (2, 0)}


def test_synthetic_people_go_either_way() -> None:
    table = FrameTable([footage(Kind.PERSON, "c", np.full((2, 68, 2), np.nan))])
    sampler = PairSampler(table)
    pairs = {sampler.sample(row_generator(0, step, 0)) for step in range(50)}
    assert pairs == {(0, 1), (1, 0)}


def test_distance_by_hand() -> None:
    moved = shifted(0.03, 0.04)  # the whole face, by 0.05
    spoken = FACE.copy()
    spoken[48:58] += [0, 0.1]  # half of the mouth's 20 points
    distance = frame_distance(np.stack([FACE, moved, spoken]).astype(np.float32), 0)
    assert distance[0] == 0
    assert distance[1] == pytest.approx(0.05, rel=1e-3)
    # Of 68 points 10 moved by 0.1; about the mouth's own centre all by 0.05, and no eye changed.
    expected = 0.1 * 10 / 68 + EXPRESSION_GAIN * 0.05
    assert distance[2] == pytest.approx(expected, rel=1e-3)


def test_drivers_far_from_the_source_are_preferred_in_proportion() -> None:
    near, far = shifted(0.05, 0), shifted(0.3, 0)
    table = FrameTable([footage(Kind.CLIP, "a", np.stack([FACE, near, far]))])
    sampler = PairSampler(table)
    pairs = [sampler.sample(row_generator(0, step, 0)) for step in range(DRAWS)]
    drivers = Counter(driving for source, driving in pairs if source == 0)
    expected = (0.3 + DISTANCE_FLOOR) / (0.35 + 2 * DISTANCE_FLOOR)
    assert drivers[2] / drivers.total() == pytest.approx(expected, abs=0.04)
    assert sum(source == 0 for source, _ in pairs) / DRAWS == pytest.approx(1 / 3, abs=0.03)


def test_an_absurd_distance_counts_no_more_than_a_great_one() -> None:
    great, absurd = shifted(0.5, 0), shifted(0, 50)
    table = FrameTable([footage(Kind.CLIP, "a", np.stack([FACE, great, absurd]))])
    sampler = PairSampler(table)
    pairs = [sampler.sample(row_generator(0, step, 0)) for step in range(DRAWS)]
    drivers = Counter(driving for source, driving in pairs if source == 0)
    assert drivers[2] / drivers.total() == pytest.approx(0.5, abs=0.05)


def test_clips_without_landmarks_are_drawn_all_the_same() -> None:
    table = FrameTable([footage(Kind.CLIP, "a", np.full((3, 68, 2), np.nan))])
    assert set(shares(table, PairSampler(table))) == {0}


def test_a_row_depends_on_seed_step_and_row_alone() -> None:
    table = FrameTable([footage(Kind.CLIP, f"p{i}", still_frames(9)) for i in range(50)])
    sampler = PairSampler(table)

    def pair(seed: int, step: int, row: int) -> tuple[int, int]:
        return sampler.sample(row_generator(seed, step, row))

    first = pair(1, 2, 3)
    others = {pair(7, 2, 3), pair(1, 7, 3), pair(1, 2, 7), pair(2, 1, 3)}
    assert pair(1, 2, 3) == first
    assert PairSampler(table).sample(row_generator(1, 2, 3)) == first
    assert len(others | {first}) == 5


def test_nothing_to_pair_is_said() -> None:
    table = FrameTable([footage(Kind.CLIP, "a", still_frames(1))])
    with pytest.raises(ConfappError) as error:
        PairSampler(table)
    assert error.value.error_id == "data-empty"
