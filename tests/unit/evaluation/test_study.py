"""A study from two folders of clips to rates, with participants who are made up."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_videos import person, write_video
from typer.testing import CliRunner

from confapp.cli import app
from confapp.errors import ConfappError
from confapp.evaluation.pixel_metrics import psnr
from confapp.evaluation.study_folder import KEY, make_study
from confapp.evaluation.study_score import (
    Participant,
    StudyKey,
    bootstrap_interval,
    read_answers,
    score_study,
    study_markdown,
    wilson_interval,
)
from confapp.media.clip import Clip

NAMES = ("a.mp4", "b.mp4", "c.mp4", "d.mp4")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("clips")
    for method, shown in (("ours", "ada"), ("x264", "ben")):
        for index, name in enumerate(NAMES):
            write_video(root / method / name, person(shown)[index : index + 2])
    write_video(root / "ours" / "alone.mp4", person("ada")[:2])
    return {method: root / method for method in ("ours", "x264")}


@pytest.fixture(scope="module")
def study(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    assert make_study(folders, out) == (4, 3)
    return out


@pytest.fixture
def key(study: Path) -> StudyKey:
    return StudyKey.load(study / KEY)


def plan(study: Path) -> Any:
    page = (study / "page" / "index.html").read_text()
    found = re.search(r'<script id="plan" type="application/json">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def answers(study: Path, key: StudyKey, path: Path, firsts: int, missed: int = 0) -> Path:
    """Somebody who prefers the first method in so many pairs."""
    given = []
    for left, right in plan(study)["pairs"]:
        spoilt = [name for name in (left, right) if name in key.checks]
        if spoilt:
            good = key.checks[spoilt[0]]
            chosen, missed = (spoilt[0], missed - 1) if missed else (good, 0)
        else:
            first, second = sorted((left, right), key=lambda n: key.clips[n].method != "ours")
            chosen, firsts = (first, firsts - 1) if firsts else (second, 0)
        given.append({"left": left, "right": right, "chosen": chosen})
    facts = {"study": key.study, "participant": path.stem, "answers": given}
    path.write_text(json.dumps(facts))
    return path


def test_the_page_shows_every_pair_and_tells_nothing(study: Path, key: StudyKey) -> None:
    pairs = plan(study)["pairs"]
    assert len(pairs) == 7
    assert plan(study)["study"] == key.study
    names = {name for pair in pairs for name in pair}
    assert names == {path.stem for path in (study / "page" / "clips").iterdir()}
    assert all(re.fullmatch(r"[0-9a-f]{12}", name) for name in names)
    page = (study / "page" / "index.html").read_text()
    for word in ("ours", "x264", "spoilt", "http:", "https:"):
        assert word not in page


def test_pairs_are_one_clip_by_two_methods(study: Path, key: StudyKey) -> None:
    for pair in plan(study)["pairs"]:
        spoilt = [name for name in pair if name in key.checks]
        if spoilt:
            assert set(pair) == {spoilt[0], key.checks[spoilt[0]]}
            continue
        one, other = (key.clips[name] for name in pair)
        assert one.clip == other.clip
        assert {one.method, other.method} == {"ours", "x264"}


def test_clips_are_those_given_and_spoilt_ones_are_spoilt(study: Path, key: StudyKey) -> None:
    clips = study / "page" / "clips"
    shown = next(one for one in key.clips.values() if (one.method, one.clip) == ("ours", "b.mp4"))
    frames = [frame.rgb for frame in Clip(clips / f"{shown.name}.mp4").frames()]
    assert len(frames) == 2
    assert psnr(frames[0], person("ada")[1]) > 30
    for spoilt, good in key.checks.items():
        one, other = (next(Clip(clips / f"{name}.mp4").frames()).rgb for name in (spoilt, good))
        assert psnr(one, other) < 25


def test_same_study_again(folders: dict[str, Path], study: Path, tmp_path: Path) -> None:
    make_study(folders, tmp_path / "again")
    for path in sorted(study.rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(study)).read_bytes()
    make_study(folders, tmp_path / "other", seed=1)
    assert plan(tmp_path / "other") != plan(study)


def test_rates_by_hand(study: Path, key: StudyKey, tmp_path: Path) -> None:
    files = [
        answers(study, key, tmp_path / f"{name}.json", firsts)
        for name, firsts in (("p", 4), ("q", 3), ("r", 2))
    ]
    facts = score_study(key, files)
    assert (facts["participants"], facts["answers"]) == (3, 12)
    assert facts["preferred"] == pytest.approx(9 / 12)
    assert facts["wilson"] == pytest.approx([0.46770, 0.91106], abs=1e-5)
    low, high = facts["bootstrap"]
    assert low == pytest.approx(0.5)
    assert high == pytest.approx(1.0)
    assert sum(clip["answers"] for clip in facts["clips"].values()) == 12
    tables = study_markdown(facts)
    assert "ours is preferred to x264 in 75.0% of 12 answers by 3 participants" in tables


def test_who_misses_a_check_or_answers_twice_does_not_count(
    study: Path, key: StudyKey, tmp_path: Path
) -> None:
    good = answers(study, key, tmp_path / "a.json", 4)
    blind = answers(study, key, tmp_path / "b.json", 0, missed=1)
    twice = tmp_path / "c.json"
    twice.write_text(good.read_text())
    damaged = tmp_path / "d.json"
    damaged.write_text("{")
    foreign = tmp_path / "e.json"
    foreign.write_text(good.read_text().replace(key.study, "0" * 12))
    facts = score_study(key, [foreign, damaged, twice, blind, good])
    assert (facts["participants"], facts["preferred"]) == (1, 1)
    assert [reason.split()[0] for reason in facts["left_out"]] == [
        *("b.json", "c.json", "d.json", "e.json")
    ]
    with pytest.raises(ConfappError) as caught:
        score_study(key, [blind])
    assert caught.value.error_id == "answers-missing"


@pytest.mark.parametrize(
    "answer",
    [
        {"left": "x", "right": "y", "chosen": "x"},
        {"left": "x", "right": "y", "chosen": "z"},
        {"left": "x"},
        "text",
        {"left": ["x"], "right": "y", "chosen": "y"},
    ],
)
def test_made_up_answers_are_refused(key: StudyKey, tmp_path: Path, answer: Any) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"study": key.study, "participant": "p", "answers": [answer]}))
    with pytest.raises(ConfappError) as caught:
        read_answers(path, key)
    assert caught.value.error_id == "answers-unreadable"


def test_a_pair_that_was_passed_over_counts_nowhere(
    study: Path, key: StudyKey, tmp_path: Path
) -> None:
    path = answers(study, key, tmp_path / "a.json", 4)
    facts = json.loads(path.read_text())
    passed = next(one for one in facts["answers"] if one["left"] in key.clips)
    passed["chosen"] = None
    path.write_text(json.dumps(facts))
    assert len(read_answers(path, key).firsts) == 3


def test_intervals_by_hand() -> None:
    """Wilson's for 0 of 10 and 10 of 10 are 0 to z2/(n + z2) and its mirror."""
    assert wilson_interval(0, 10) == pytest.approx((0, 3.841459 / 13.841459), abs=1e-5)
    assert wilson_interval(10, 10) == pytest.approx((10 / 13.841459, 1), abs=1e-5)
    alike = [Participant(str(i), {"a": True, "b": False}, 0) for i in range(5)]
    assert bootstrap_interval(alike) == (0.5, 0.5)


def test_bootstrap_knows_that_one_persons_answers_are_alike() -> None:
    random = np.random.default_rng(0)
    people = [Participant(str(i), {str(j): bool(i % 2) for j in range(20)}, 0) for i in range(20)]
    mixed = [
        Participant(str(i), {str(j): bool(random.integers(2)) for j in range(20)}, 0)
        for i in range(20)
    ]
    wide, narrow = bootstrap_interval(people), bootstrap_interval(mixed)
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_commands(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "study"
    pairs = [f"--{place}={name}={folder}" for place, (name, folder) in
             zip(("first", "second"), folders.items(), strict=True)]  # fmt: skip
    made = CliRunner().invoke(app, ["study", "make", *pairs, "-o", str(out)])
    assert made.exit_code == 0
    assert "4 pairs and 3 attention checks" in made.stdout
    key = StudyKey.load(out / KEY)
    given = answers(out, key, tmp_path / "p.json", 1)
    figures = tmp_path / "figures.json"
    scored = CliRunner().invoke(
        app, ["study", "score", str(out / KEY), str(given), "--json", str(figures)]
    )
    assert "25.0% of 4 answers" in scored.stdout
    assert json.loads(figures.read_text())["preferred"] == 0.25


def test_what_is_no_study(folders: dict[str, Path], study: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfappError) as caught:
        make_study(folders, study)
    assert caught.value.error_id == "study-unwritable"
    with pytest.raises(ConfappError) as caught:
        make_study({"a": folders["ours"], "b": tmp_path}, tmp_path / "out")
    assert caught.value.error_id == "study-empty"
    with pytest.raises(ConfappError) as caught:
        StudyKey.load(tmp_path / "key.json")
    assert caught.value.error_id == "key-unreadable"
