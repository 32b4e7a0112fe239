"""Older files are never mixed with new ones."""

from pathlib import Path

import pytest

from confapp.dataset.output_folder import contact_sheet_name, open_output_folder
from confapp.errors import ConfappError


def refusal(folder: Path, part: int | None) -> str:
    with pytest.raises(ConfappError) as caught:
        open_output_folder(folder, part)
    return caught.value.error_id


@pytest.mark.parametrize("part", [None, 1])
def test_a_new_and_an_empty_folder(tmp_path: Path, part: int | None) -> None:
    open_output_folder(tmp_path / "a" / "b", part)
    open_output_folder(tmp_path / "a" / "b", part)
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    "name",
    [
        "clips-p2-00.tar",
        "clips-val-p12-131.tar",
        "clips-p3-00.tar.part",
        "contact-sheet-p2.png",
    ],
)
def test_other_parts_may_be_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    open_output_folder(tmp_path, 1)
    assert refusal(tmp_path, None) == "output-not-empty"


@pytest.mark.parametrize(
    "name",
    [
        "clips-p1-00.tar",
        "clips-p1-00.tar.part",
        "contact-sheet-p1.png",
        "clips-00.tar",
        "contact-sheet.png",
        "notes.txt",
    ],
)
def test_everything_else_may_not(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert refusal(tmp_path, 1) == refusal(tmp_path, None) == "output-not-empty"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    assert refusal(tmp_path / "out", None) == "output-unwritable"


def test_every_part_has_its_own_sheet(tmp_path: Path) -> None:
    (tmp_path / contact_sheet_name(2)).touch()
    open_output_folder(tmp_path, 1)
    assert contact_sheet_name(None) == "contact-sheet.png"
