"""Answers of a preference study as rates with confidence intervals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from confapp.errors import ConfappError
from confapp.evaluation.study_folder import StudyClip
from confapp.evaluation.summary import DIGITS

Z = 1.959964  # two-sided 95 % of the normal distribution
DRAWS = 10_000  # of the bootstrap
MAX_BYTES = 1 << 20  # of an answers file
INTERVALS = (
    "95 % intervals: Wilson's takes every answer for itself; the bootstrap draws whole "
    "participants and so knows that one person's answers are alike"
)


@dataclass(frozen=True, slots=True)
class StudyKey:
    """What the clips of a study are.

    Attributes:
        study: its name.
        methods: the two that are compared.
        clips: by name on the page.
        checks: names of the spoilt clips, and the good ones that stand beside them.
    """

    study: str
    methods: tuple[str, str]
    clips: dict[str, StudyClip]
    checks: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> "StudyKey":
        """Read `key.json`.

        Raises:
            ConfappError: `key-unreadable`.
        """
        try:
            key = json.loads(path.read_text())
            first, second = key["methods"]
            pairs = [[StudyClip(**one) for one in pair] for pair in key["pairs"]]
            checks = [[StudyClip(**one) for one in pair] for pair in key["checks"]]
            study = str(key["study"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfappError(
                "key-unreadable", f"{path} is no key.json of a study ({error!r})."
            ) from error
        return cls(
            study,
            (first, second),
            {one.name: one for pair in pairs for one in pair},
            {spoilt.name: good.name for good, spoilt in checks},
        )


@dataclass(frozen=True, slots=True)
class Participant:
    """One person's answers.

    Attributes:
        name: random, from the page.
        firsts: for each pair answered, whether the first method was chosen; by clip.
        missed: attention checks answered wrongly or not at all.
    """

    name: str
    firsts: dict[str, bool]
    missed: int


def read_answers(path: Path, key: StudyKey) -> Participant:
    """One answers file.

    Raises:
        ConfappError: `answers-unreadable`, also for another study's.
    """
    try:
        with path.open("rb") as file:
            answers = json.loads(file.read(MAX_BYTES))
        if answers["study"] != key.study:
            raise ValueError("it answers another study")
        firsts: dict[str, bool] = {}
        passed: set[str] = set()
        for one in answers["answers"]:
            _take(one, key, firsts, passed)
        return Participant(str(answers["participant"]), firsts, len(key.checks) - len(passed))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfappError(
            "answers-unreadable", f"{path.name} is no answers file of this study ({error})."
        ) from error


def score_study(key: StudyKey, files: Sequence[Path], seed: int = 0) -> dict[str, Any]:
    """Rates over everybody who passed all attention checks, ready for JSON.

    Raises:
        ConfappError: `answers-missing` where nobody's answers count.
    """
    people: dict[str, Participant] = {}
    left_out: list[str] = []
    for path in sorted(files):
        try:
            person = read_answers(path, key)
        except ConfappError as error:
            left_out.append(error.message)
            continue
        if person.name in people:
            left_out.append(f"{path.name} repeats a participant.")
        elif person.missed:
            left_out.append(f"{path.name} misses {person.missed} attention checks.")
        elif not person.firsts:
            left_out.append(f"{path.name} answers nothing.")
        else:
            people[person.name] = person
    if not people:
        raise ConfappError("answers-missing", " ".join(["No answers count.", *left_out]))
    chosen = sum(sum(person.firsts.values()) for person in people.values())
    answers = sum(len(person.firsts) for person in people.values())
    return {
        "task": "study",
        "study": key.study,
        "methods": list(key.methods),
        "participants": len(people),
        "left_out": left_out,
        "answers": answers,
        "preferred": round(chosen / answers, DIGITS),
        "wilson": _rounded(wilson_interval(chosen, answers)),
        "bootstrap": _rounded(bootstrap_interval(list(people.values()), seed)),
        "clips": _by_clip(list(people.values())),
    }


def study_markdown(facts: Mapping[str, Any]) -> str:
    """The figures as a page of Markdown."""
    first, second = facts["methods"]
    low, high = facts["wilson"]
    other_low, other_high = facts["bootstrap"]
    lines = [
        "# Preference study",
        "",
        f"**{first} is preferred to {second} in {facts['preferred']:.1%} of {facts['answers']} "
        f"answers by {facts['participants']} participants** (Wilson {low:.1%} to {high:.1%}, "
        f"bootstrap {other_low:.1%} to {other_high:.1%}).",
        "",
        f"{INTERVALS}.",
        "",
        f"| clip | {first} preferred | answers | Wilson |",
        "|---|---:|---:|---:|",
    ]
    for clip, figures in facts["clips"].items():
        low, high = figures["wilson"]
        cells = f"{figures['preferred']:.1%} | {figures['answers']} | {low:.1%} to {high:.1%}"
        lines.append(f"| {clip} | {cells} |")
    if facts["left_out"]:
        lines += ["", "Left out:", "", *(f"- {reason}" for reason in facts["left_out"])]
    return "\n".join(lines) + "\n"


def wilson_interval(chosen: int, answers: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); answers > 0."""
    share = chosen / answers
    middle = (share + Z**2 / (2 * answers)) / (1 + Z**2 / answers)
    half = Z / (1 + Z**2 / answers)
    half *= sqrt(share * (1 - share) / answers + Z**2 / (4 * answers**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bootstrap_interval(people: Sequence[Participant], seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the share, over participants drawn with replacement."""
    chosen = np.array([sum(person.firsts.values()) for person in people])
    answers = np.array([len(person.firsts) for person in people])
    drawn = np.random.default_rng(seed).integers(0, len(people), (DRAWS, len(people)))
    shares = chosen[drawn].sum(1) / answers[drawn].sum(1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def _take(
    answer: Mapping[str, Any], key: StudyKey, firsts: dict[str, bool], passed: set[str]
) -> None:
    """One answer; None was passed over."""
    left, right, chosen = answer["left"], answer["right"], answer["chosen"]
    if chosen is None:
        return
    if chosen not in {left, right}:
        raise ValueError("a clip is chosen that was not shown")
    for spoilt, good in key.checks.items():
        if {left, right} == {spoilt, good}:
            passed.update({spoilt} if chosen == good else ())
            return
    one, other = key.clips[left], key.clips[right]
    if one.clip != other.clip or one.method == other.method:
        raise ValueError("two clips are compared that are no pair")
    firsts[one.clip] = key.clips[chosen].method == key.methods[0]


def _by_clip(people: Sequence[Participant]) -> dict[str, Any]:
    clips: dict[str, list[bool]] = {}
    for person in people:
        for clip, first in person.firsts.items():
            clips.setdefault(clip, []).append(first)
    return {
        clip: {
            "preferred": round(sum(firsts) / len(firsts), DIGITS),
            "answers": len(firsts),
            "wilson": _rounded(wilson_interval(sum(firsts), len(firsts))),
        }
        for clip, firsts in sorted(clips.items())
    }


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(end, DIGITS) for end in interval]
