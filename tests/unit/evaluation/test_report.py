"""Tables from known scores."""

import dataclasses
import json

from tiny_models import lively, tiny

from confapp.evaluation.expression import Expression
from confapp.evaluation.face_region import FaceRegion
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruction import METHODS, ClipScores, PairScores
from confapp.evaluation.report import markdown, report
from confapp.evaluation.smoothness import Smoothness, StillStretch

STILL = Smoothness(StillStretch(3, 0.2, FaceRegion(0, 0, 32, 32)), rendering=3, driver=2)


def scored(expression: Expression | None, smoothness: Smoothness | None = None) -> ClipScores:
    levels = dict(zip(METHODS, (20.0, 16.0, 18.0), strict=True))
    scores = {method: {"psnr": level, "akd": level / 4} for method, level in levels.items()}
    return ClipScores("one", "p0", [PairScores(1, 2.0, scores)], [], expression, smoothness)


def test_tables() -> None:
    head = lively(tiny("lite-256"))
    sets = {
        "shards": [scored(None)],
        "videos": [scored(Expression(0.91, None, blinks=True, frames=9), STILL)],
    }
    facts = report(head, PictureMetrics(), sets, complete=True)
    assert json.loads(json.dumps(facts)) == facts
    tables = markdown(facts)
    assert "| psnr (dB) | 20 | 16 | 18 |" in tables
    assert "| akd / frozen | 1.25 |" in tables
    assert "| psnr - frozen | +4 |" in tables
    assert "0 pairs of 0 people" in tables  # nothing moved by 4 px
    assert "| mouth opening | 0.910 | 1 |" in tables
    assert "| eye opening, blinkers | - | 0 |" in tables
    assert "| rendering / driver | 1.500 | 1 |" in tables
    assert tables.count("## Smoothness") == 1
    assert facts["clips"][1]["smoothness"] == {
        "ratio": 1.5,
        "rendering": 3,
        "driver": 2,
        "first_frame": 3,
        "moved": 0.2,
    }
    assert "left out: akd: needs --landmarks FILE" in tables
    assert "Interrupted" in markdown({**facts, "complete": False})


def test_a_calibrated_run_says_so() -> None:
    head = lively(tiny("lite-256"))
    clips = [dataclasses.replace(scored(None), frames_learned=count) for count in (3, 0)]
    facts = report(head, PictureMetrics(), {"shards": clips}, complete=True)
    assert [clip["frames_learned"] for clip in facts["clips"]] == [3, 0]
    assert "where things belong (3 in all)" in markdown(facts)
    plain = report(head, PictureMetrics(), {"shards": [scored(None)]}, complete=True)
    assert "where things belong" not in markdown(plain)
