"""Photos on disk between calls."""

import os
import stat
from pathlib import Path

import pytest

from confapp.call.control_message import MAX_STILL_BYTES, content_hash
from confapp.errors import ConfappError
from receiver.photo_cache import PhotoCache

STILL = b"a still" * 100
NAME = content_hash(STILL)


def test_what_was_kept_is_there_in_the_next_call(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "photos"
    assert PhotoCache(folder).get(NAME) is None
    PhotoCache(folder).put(STILL)
    assert PhotoCache(folder).get(NAME) == STILL
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.still"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{NAME}.still").stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", STILL[:-1], STILL[::-1], bytes(MAX_STILL_BYTES + 9)])
def test_a_damaged_file_is_none_and_goes(tmp_path: Path, damage: bytes) -> None:
    cache = PhotoCache(tmp_path)
    cache.put(STILL)
    (tmp_path / f"{NAME}.still").write_bytes(damage)
    assert cache.get(NAME) is None
    assert not list(tmp_path.iterdir())
    cache.put(STILL)
    assert cache.get(NAME) == STILL


def test_those_used_longest_ago_make_room(tmp_path: Path) -> None:
    """A file that a broken call left unfinished goes as well."""
    stills = [bytes([number]) * 1000 for number in range(4)]
    cache = PhotoCache(tmp_path, limit_bytes=3000)
    (tmp_path / "unfinished").write_bytes(bytes(10))
    os.utime(tmp_path / "unfinished", (0, 0))
    for age, still in enumerate(stills[:3]):
        cache.put(still)
        os.utime(tmp_path / f"{content_hash(still)}.still", (1000 + age, 1000 + age))
    assert not (tmp_path / "unfinished").exists()
    assert cache.get(content_hash(stills[0])) == stills[0]  # used now
    cache.put(stills[3])
    here = [cache.get(content_hash(still)) is not None for still in stills]
    assert here == [True, False, True, True]


@pytest.mark.parametrize("name", ["", "..", "../" + NAME, NAME.upper(), NAME + "\n", NAME[:-1]])
def test_no_other_name_touches_the_disk(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        PhotoCache(tmp_path).get(name)


def test_a_disk_that_fails_is_a_call_without_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = PhotoCache(tmp_path / "file" / "photos")
    cache.put(STILL)
    assert cache.get(NAME) is None
    folder = tmp_path / "photos"
    (folder / f"{NAME}.still").mkdir(parents=True)
    assert PhotoCache(folder).get(NAME) is None


def test_all_can_be_thrown_away(tmp_path: Path) -> None:
    cache = PhotoCache(tmp_path / "photos")
    assert cache.clear() == 0
    cache.put(STILL)
    cache.put(b"another")
    (tmp_path / "photos" / "unfinished").write_bytes(b"")
    assert cache.clear() == 2
    assert not list((tmp_path / "photos").iterdir())
    (tmp_path / "photos" / "in the way").mkdir()
    with pytest.raises(ConfappError) as refused:
        cache.clear()
    assert refused.value.error_id == "photos-not-cleared"
