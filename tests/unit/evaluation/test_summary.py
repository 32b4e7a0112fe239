"""Mean over a person's pairs, then median over people, by hand."""

import pytest

from confapp.evaluation.expression import Expression
from confapp.evaluation.face_region import FaceRegion
from confapp.evaluation.reconstruction import AFFINE, FROZEN, RENDERING, ClipScores, PairScores
from confapp.evaluation.smoothness import Smoothness, StillStretch
from confapp.evaluation.summary import summarise


def pair(moved: float, rendering: float, frozen: float) -> PairScores:
    names = ("akd", "lpips", "face_lpips", "psnr", "csim")
    levels = {RENDERING: rendering, FROZEN: frozen, AFFINE: 2 * frozen}
    scores = {method: dict.fromkeys(names, level) for method, level in levels.items()}
    return PairScores(1, moved, scores)


CLIPS = [
    ClipScores("a1", "a", [pair(1, 1, 2), pair(5, 3, 6)]),
    ClipScores("a2", "a", [pair(9, 5, 4)]),
    ClipScores("b", "b", [pair(0, 8, 8)]),
    ClipScores("c", "c", [pair(4, 1, 10)]),
]


def test_people_count_once() -> None:
    figures = summarise(CLIPS)["all"]
    assert (figures["people"], figures["pairs"]) == (3, 5)
    # people's means: a 3, b 8, c 1
    assert figures["metrics"][RENDERING]["akd"] == 3
    # a 4, b 8, c 10
    assert figures["metrics"][FROZEN]["akd"] == 8


def test_ratios_and_gains_are_each_persons_own() -> None:
    against = summarise(CLIPS)["all"]["against"]
    # a 3/4, b 8/8, c 1/10
    assert against["akd / frozen"] == against["lpips / frozen"] == 0.75
    assert against["face_lpips / affine"] == 0.375
    # a -1, b 0, c -9
    assert against["psnr - frozen"] == against["csim - frozen"] == -1


def test_moved_pairs_alone() -> None:
    figures = summarise(CLIPS)["moved"]
    assert (figures["people"], figures["pairs"]) == (2, 3)
    # a (3 + 5) / 2 = 4 and c 1
    assert figures["metrics"][RENDERING]["psnr"] == 2.5


def test_nothing_moved() -> None:
    assert summarise([ClipScores("b", "b", [pair(0, 1, 1)])])["moved"] == {"people": 0, "pairs": 0}


def test_expression_is_the_median_over_people_and_eyes_only_of_blinkers() -> None:
    def clip(person: str, mouth: float | None, eyes: float, blinks: bool) -> ClipScores:
        expression = Expression(mouth, eyes, blinks, frames=10)
        return ClipScores(person, person, [pair(5, 1, 1)], expression=expression)

    clips = [
        clip("a", 0.9, 0.1, False),
        clip("a", 0.7, 0.5, True),
        clip("b", 0.4, 0.7, True),
        clip("c", None, 0.9, False),
    ]
    expression = summarise(clips)["expression"]
    assert expression["frames"] == 40
    assert expression["mouth"] == {"people": 2, "correlation": pytest.approx(0.6), "undefined": 1}
    assert expression["eyes_of_blinkers"]["people"] == 2
    assert expression["eyes_of_blinkers"]["correlation"] == pytest.approx(0.6)


def test_smoothness_is_the_mean_over_a_persons_clips_then_the_median() -> None:
    stretch = StillStretch(1, 0.1, FaceRegion(0, 0, 32, 32))

    def clip(person: str, flicker: float | None, driver: float = 2.0) -> ClipScores:
        expression = Expression(0.5, 0.5, blinks=True, frames=10)
        smoothness = None if flicker is None else Smoothness(stretch, flicker, driver)
        return ClipScores(person, person, [pair(5, 1, 1)], [], expression, smoothness)

    clips = [clip("a", 2), clip("a", 4), clip("b", 6), clip("c", None), clip("d", 1, driver=0)]
    # a (1 + 2) / 2, b 3; c has no stretch, and d's input stands still
    assert summarise(clips)["smoothness"] == {"people": 2, "ratio": 2.25, "undefined": 2}
    assert "smoothness" not in summarise(CLIPS)
