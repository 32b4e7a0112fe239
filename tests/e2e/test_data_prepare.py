"""`confapp data prepare` as a person runs it."""

from pathlib import Path

import pytest
from confapp_process import Start

from confapp.demo import PEOPLE
from models.training.data.shard import find_shards, read_shards


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "shards"


def test_demo_people_become_shards(start: Start, model: Path, out: Path) -> None:
    prepare = ("data", "prepare", PEOPLE, "-o", out, "--model", model, "--fps", 2, "--json")
    facts = start(*prepare).account()
    assert (facts["videos"], facts["clips"], facts["people"]) == (2, 2, 2)
    footage = read_shards(find_shards([out]))
    assert sum(map(len, footage)) == facts["frames"] > 20
    assert (out / "contact-sheet.png").is_file()
    assert "choose an empty folder" in start(*prepare).refusal()


def test_a_part_says_what_it_did(start: Start, model: Path, out: Path) -> None:
    options = ("--model", model, "--fps", 2, "--part", "2/2", "--processes", 1, "--validation")
    status, text = start(
        "data", "prepare", PEOPLE, "-o", out, "--person", "folder", *options
    ).result()
    assert status == 0
    assert "1 clips of 1 people" in text
    assert "clips-val-p2-00.tar" in {path.name for path in out.iterdir()}


def test_paths_that_are_not_there(start: Start, model: Path, out: Path) -> None:
    said = start("data", "prepare", out / "none", "-o", out, "--model", model).refusal()
    assert "check the path" in said
    assert not out.exists()
