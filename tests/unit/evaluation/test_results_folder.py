"""Results in whole files, and places that take none."""

from pathlib import Path

import pytest
from PIL import Image

from confapp.errors import ConfappError
from confapp.evaluation.results_folder import ResultsFolder


def test_files_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    json_file = tmp_path / "deep" / "figures.json"
    folder = ResultsFolder(tmp_path / "out", json_file)
    folder.write("{}", "early")
    folder.write("[]", "late")
    folder.add_sheet("sheet", Image.new("RGB", (3, 2)))
    assert json_file.read_text() == "[]"
    assert (tmp_path / "out" / "results.json").read_text() == "[]"
    assert (tmp_path / "out" / "results.md").read_text() == "late"
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        assert sheet.size == (3, 2)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "results.json",
        "results.md",
        "sheet.png",
    ]


def test_nothing_asked_for_is_nothing_written(tmp_path: Path) -> None:
    folder = ResultsFolder(None)
    folder.write("{}", "tables")
    folder.add_sheet("sheet", Image.new("RGB", (3, 2)))
    assert not list(tmp_path.iterdir())


def test_an_unusable_place_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in ((tmp_path / "file",), (None, tmp_path / "file" / "figures.json")):
        with pytest.raises(ConfappError) as caught:
            ResultsFolder(*arguments)
        assert caught.value.error_id == "results-unwritable"


def test_a_place_that_is_lost_meanwhile(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "out")
    for name in ("results.json", "sheet.png"):
        (tmp_path / "out" / name).mkdir()
    with pytest.raises(ConfappError) as caught:
        folder.write("{}", "tables")
    assert caught.value.error_id == "results-unwritable"
    with pytest.raises(ConfappError) as caught:
        folder.add_sheet("sheet", Image.new("RGB", (3, 2)))
    assert caught.value.error_id == "results-unwritable"
