"""Scores of many pairs as one figure: mean over a person's pairs, then median over people."""

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

import numpy as np

from confapp.evaluation.fid import LEAST_PICTURES, frechet_distance
from confapp.evaluation.reconstruction import (
    AFFINE,
    FROZEN,
    METHODS,
    RENDERING,
    TRUTH,
    ClipScores,
    PairScores,
)

MOVED = 4.0  # pixels at 256: pairs whose landmarks moved by this or more
DIGITS = 6  # after the point, in reports

# How a metric of the rendering stands to a baseline's, for each person: a share, or a gain.
RATIOS = (("akd", FROZEN), ("lpips", FROZEN), ("face_lpips", FROZEN), ("face_lpips", AFFINE))
GAINS = (("psnr", FROZEN), ("face_psnr", FROZEN), ("csim", FROZEN))

Means = dict[str, dict[str, float]]


def summarise(clips: Sequence[ClipScores]) -> dict[str, Any]:
    """Figures over all pairs, over those that moved, and of expression and smoothness if known."""
    summary: dict[str, Any] = {
        "clips": len(clips),
        "all": _figures(clips, least=0.0),
        "moved": _figures(clips, least=MOVED),
    }
    if any(clip.expression for clip in clips):
        summary["expression"] = _expression(clips)
        summary["smoothness"] = _smoothness(clips)
    if any(clip.activations for clip in clips):
        summary["fid"] = _fid(clips)
    return summary


def pair_means(pairs: Sequence[PairScores]) -> Means:
    """Mean over pairs, by method and metric."""
    return {
        method: {
            metric: fmean(pair.scores[method][metric] for pair in pairs)
            for metric in pairs[0].scores[method]
        }
        for method in METHODS
    }


def _figures(clips: Sequence[ClipScores], least: float) -> dict[str, Any]:
    by_person: defaultdict[str, list[PairScores]] = defaultdict(list)
    for clip in clips:
        by_person[clip.person] += [pair for pair in clip.pairs if pair.moved >= least]
    people = [pair_means(pairs) for pairs in by_person.values() if pairs]
    if not people:
        return {"people": 0, "pairs": 0}
    return {
        "people": len(people),
        "pairs": sum(map(len, by_person.values())),
        "metrics": {
            method: {
                metric: _rounded(median(means[method][metric] for means in people))
                for metric in people[0][method]
            }
            for method in METHODS
        },
        "against": _against(people),
    }


def _against(people: Sequence[Means]) -> dict[str, float]:
    """The rendering beside the baselines: worked out for each person, then the median."""
    known = people[0][RENDERING]
    figures: dict[str, list[float]] = {}
    for metric, baseline in RATIOS:
        if metric in known:
            figures[f"{metric} / {baseline}"] = [
                means[RENDERING][metric] / means[baseline][metric]
                for means in people
                if means[baseline][metric] > 0
            ]
    for metric, baseline in GAINS:
        if metric in known:
            figures[f"{metric} - {baseline}"] = [
                means[RENDERING][metric] - means[baseline][metric] for means in people
            ]
    return {name: _rounded(median(values)) for name, values in figures.items() if values}


def _fid(clips: Sequence[ClipScores]) -> dict[str, Any]:
    """Of each method's pictures against the true ones, over all pairs."""
    sets = {
        name: np.stack([row for clip in clips for row in clip.activations[name]])
        for name in (*METHODS, TRUTH)
    }
    if len(sets[TRUTH]) < LEAST_PICTURES:
        return {"pictures": len(sets[TRUTH])}
    distances = {name: _rounded(frechet_distance(sets[name], sets[TRUTH])) for name in METHODS}
    return {"pictures": len(sets[TRUTH]), **distances}


def _expression(clips: Sequence[ClipScores]) -> dict[str, Any]:
    followed = [(clip.person, clip.expression) for clip in clips if clip.expression]
    mouths = [(person, one.mouth) for person, one in followed]
    eyes = [(person, one.eyes) for person, one in followed if one.blinks]
    return {
        "frames": sum(one.frames for _, one in followed),
        "mouth": median_over_people(mouths, "correlation"),
        "eyes_of_blinkers": median_over_people(eyes, "correlation"),
    }


def _smoothness(clips: Sequence[ClipScores]) -> dict[str, Any]:
    ratios = [
        (clip.person, clip.smoothness.ratio if clip.smoothness else None)
        for clip in clips
        if clip.expression
    ]
    return median_over_people(ratios, "ratio")


def median_over_people(values: Sequence[tuple[str, float | None]], name: str) -> dict[str, Any]:
    """Mean over each person's values, then the median, as `name`; None are counted alone."""
    by_person: defaultdict[str, list[float]] = defaultdict(list)
    for person, value in values:
        if value is not None:
            by_person[person].append(value)
    means = [fmean(ones) for ones in by_person.values()]
    return {
        "people": len(means),
        name: _rounded(median(means)) if means else None,
        "undefined": sum(value is None for _, value in values),
    }


def _rounded(value: float) -> float:
    return round(value, DIGITS) if math.isfinite(value) else value
