"""Where a piece begins and ends, and that every look is accounted for."""

from typing import Any

import pytest

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.piece_finder import LEAST_FRAMES, MOST_FRAMES, find_pieces
from confapp.dataset.survey import Look
from confapp.media.face_detector import FaceBox

SIZE = (640, 480)


def look(index: int, x: float = 300, size: float = 100, **changes: Any) -> Look:
    parts: dict[str, Any] = {
        "index": index,
        "time_ms": index * 160,
        "size": SIZE,
        "face": FaceBox(x, 200, size, 0.9),
        "fault": None,
        "cut": False,
    }
    return Look(**(parts | changes))


def lengths(looks: list[Look]) -> tuple[list[int], dict[str, int]]:
    """Frames of each piece, and what was dropped; nothing may be missing."""
    pieces, dropped = find_pieces(looks)
    counts = [len(piece.faces) for piece in pieces]
    assert sum(counts) + sum(dropped.values()) == len(looks)
    return counts, {reason.value: count for reason, count in dropped.items() if count}


def test_one_still_face_is_one_piece() -> None:
    assert lengths([look(i) for i in range(20)]) == ([20], {})


def test_a_cut_ends_a_piece() -> None:
    assert lengths([look(i, cut=i == 8) for i in range(20)]) == ([8, 12], {})


def test_a_cut_without_a_face_ends_it_too() -> None:
    looks = [look(i) for i in range(20)]
    looks[8] = look(8, cut=True, face=None, fault=DropReason.NO_FACE)
    assert lengths(looks) == ([8, 11], {"no-face": 1})


def test_a_face_that_jumps_begins_a_piece() -> None:
    assert lengths([look(i, x=100 if i < 9 else 400) for i in range(20)]) == ([9, 11], {})
    assert lengths([look(i, size=80 if i < 9 else 140) for i in range(20)]) == ([9, 11], {})


def test_a_face_that_leaves_the_view_begins_a_piece() -> None:
    """4 pixels a look: the view holds as long as the walk is 27 % + 6 % of its side."""
    counts, dropped = lengths([look(i, x=100 + 8 * i) for i in range(30)])
    assert len(counts) > 1
    assert set(dropped) <= {"short-piece"}


def test_a_short_absence_does_not_end_a_piece_but_a_long_one_does() -> None:
    away: dict[str, Any] = {"face": None, "fault": DropReason.CROWD}
    short = [look(i, **(away if 9 <= i < 12 else {})) for i in range(20)]
    assert lengths(short) == ([17], {"crowd": 3})
    long = [look(i, **(away if 9 <= i < 17 else {})) for i in range(30)]
    assert lengths(long) == ([9, 13], {"crowd": 8})


def test_another_picture_size_ends_a_piece() -> None:
    looks = [look(i, size=100) for i in range(20)]
    looks[10:] = [look(i, **{"size": 100}) for i in range(10, 20)]
    other = [Look(one.index, one.time_ms, (800, 600), one.face, None, False) for one in looks[10:]]
    assert lengths(looks[:10] + other) == ([10, 10], {})


def test_a_face_at_the_edge_has_no_view() -> None:
    assert lengths([look(i, x=-40 if i < 5 else 300) for i in range(20)]) == (
        [15],
        {"face-at-edge": 5},
    )


def test_short_pieces_are_dropped() -> None:
    looks = [look(i, cut=i == LEAST_FRAMES - 1) for i in range(LEAST_FRAMES - 1 + 8)]
    assert lengths(looks) == ([8], {"short-piece": LEAST_FRAMES - 1})


@pytest.mark.parametrize(
    ("looks", "counts"),
    [
        (MOST_FRAMES, [MOST_FRAMES]),
        (MOST_FRAMES + 1, [MOST_FRAMES // 2 + 1, MOST_FRAMES // 2]),
        (7 * MOST_FRAMES, 7 * [MOST_FRAMES]),
    ],
)
def test_long_pieces_are_split_evenly(looks: int, counts: list[int]) -> None:
    assert lengths([look(i) for i in range(looks)]) == (counts, {})


def test_views_hold_their_frames() -> None:
    pieces, _ = find_pieces([look(i, x=300 + i) for i in range(20)])
    (piece,) = pieces
    assert [one.index for one in piece.faces] == list(range(20))
    assert piece.view.x <= 300
    assert piece.view.x + piece.view.side >= 420


def test_nothing() -> None:
    assert lengths([]) == ([], {})
