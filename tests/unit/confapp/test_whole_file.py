"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from confapp.whole_file import part_of, whole_file


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    return path


def test_it_takes_its_place_at_the_end(target: Path) -> None:
    with whole_file(target) as part:
        assert part == target.with_name("out.bin.part")
        part.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("kind", [OSError, ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_failure_leaves_the_older_file(target: Path, kind: type[BaseException]) -> None:
    def fail() -> None:
        with whole_file(target) as part:
            part.write_bytes(b"ne")
            raise kind

    with pytest.raises(kind):
        fail()
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_the_first_error_is_the_one_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="the work"), whole_file(tmp_path / "file" / "out"):
        raise ValueError("the work")  # taking the part away fails too: its folder is a file


def test_a_block_that_writes_nothing_is_an_error(target: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(target):
        pass
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["", ".", "folder"])
def test_a_folder_is_refused_before_the_work(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsADirectoryError) as caught:
        part_of(Path(name))
    assert caught.value.strerror == os.strerror(caught.value.errno or 0)
