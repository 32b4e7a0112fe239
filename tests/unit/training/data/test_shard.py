import json
import logging
from pathlib import Path

import numpy as np
import pytest
from tiny_shards import (
    SIDE,
    Files,
    clip,
    points,
    still,
    synthetic_person,
    webp,
    write_folder,
    write_tar,
)

from confapp.errors import ConfappError
from models.training.data.footage import Kind
from models.training.data.shard import find_shards, read_shard, read_shards

ENTRIES = {
    "a-clip": clip([10, 20, 30], person="p1"),
    "b-sequence": clip([40, 50], person="p2", sequence=True),
    "c-still": still((60, 70, 80)),
    "d-person": synthetic_person([90, 100, 110, 120]),
}


@pytest.fixture(params=["tar", "folder"])
def shard(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "tar":
        return write_tar(tmp_path / "mixed-00.tar", ENTRIES)
    return write_folder(tmp_path / "mixed-00", ENTRIES)


def test_all_layouts_are_read_alike_from_tar_and_folder(shard: Path) -> None:
    footage = list(read_shard(shard))
    assert [(entry.kind, entry.name, len(entry)) for entry in footage] == [
        (Kind.CLIP, "a-clip", 3),
        (Kind.CLIP, "b-sequence", 2),
        (Kind.STILL, "c-still", 3),
        (Kind.PERSON, "d-person", 4),
    ]
    assert [entry.is_sequence for entry in footage] == [False, True, False, False]
    assert [entry.person for entry in footage] == ["p1", "p2", "c-still", "d-person"]
    assert [(entry.source, entry.tier) for entry in footage[:2]] == [("made up", "A")] * 2
    assert footage[0].pictures[1] == webp(20)
    assert footage[2].pictures[0] == webp(60)  # the photo comes first


def test_labels_are_in_the_projects_coordinates(shard: Path) -> None:
    a_clip, _, a_still, person = read_shard(shard)
    assert a_clip.angles[2].tolist() == [3, 12, -3]
    # 8 of 32 pixels from the left edge: halfway between -1 and the centre.
    assert points(0)[0] == [SIDE / 4, SIDE / 4]
    assert a_clip.landmarks[0, 0].tolist() == [-0.5, -0.5]
    assert a_clip.landmarks[1, 0, 0] == pytest.approx(-0.5 + 2 / SIDE)
    assert a_still.angles[:, 0].tolist() == [1, 2, 3]
    assert a_still.landmarks[2, 0, 0] == pytest.approx(-0.5 + 4 / SIDE)
    assert not np.isnan(person.angles).any()
    assert np.isnan(person.landmarks).all()


def without(files: Files, name: str) -> Files:
    return {key: value for key, value in files.items() if key != name}


def with_facts(files: Files, **changes: object) -> Files:
    facts = json.loads(files["clip.json"]) | changes
    return {**files, "clip.json": json.dumps(facts).encode()}


GOOD = clip([10, 20])
BAD_LANDMARKS = [{"file": "000.webp", "yaw": 0, "pitch": 0, "roll": 0, "landmarks": [[1, 2]]}]


@pytest.mark.parametrize(
    "files",
    [
        {**GOOD, "clip.json": b"{not json"},
        {**GOOD, "clip.json": b"[1, 2]"},
        {**GOOD, "clip.json": b"\xff\xfe"},
        with_facts(GOOD, frames=[]),
        with_facts(GOOD, frames="all"),
        with_facts(GOOD, frames=BAD_LANDMARKS),
        with_facts(GOOD, frames=[{"file": "000.webp", "yaw": "left"}]),
        without(GOOD, "001.webp"),
        {**GOOD, "000.webp": b"not a picture"},
        {**clip([10, 20], sequence=True), "frames.avif": b""},
        with_facts(clip([10, 20], sequence=True), frames=BAD_LANDMARKS * 3),
        without(still((1, 2, 3)), "variant1.webp"),
    ],
)
def test_a_malformed_entry_is_one_warning_and_stops_no_other(
    files: Files, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shard = write_tar(tmp_path / "one.tar", {"a": GOOD, "broken": files, "z": GOOD})
    with caplog.at_level(logging.WARNING):
        names = [entry.name for entry in read_shard(shard)]
    assert names == ["a", "z"]
    (warning,) = caplog.messages
    assert warning.startswith("one.tar/broken is left out: ")


def test_a_truncated_tar_gives_the_entries_before_the_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shard = write_tar(tmp_path / "cut.tar", dict.fromkeys("abcdefgh", GOOD))
    content = shard.read_bytes()
    whole = content.index(b"f/clip.json")
    shard.write_bytes(content[: whole + 700])  # within the file f/clip.json
    assert [entry.name for entry in read_shard(shard)] == list("abcde")
    assert len(caplog.records) == 1


def test_folders_with_other_things_in_them_are_passed_over(tmp_path: Path) -> None:
    write_folder(tmp_path / "shard", {"a": GOOD, "notes": {"readme.txt": b"hello"}})
    assert [entry.name for entry in read_shard(tmp_path / "shard")] == ["a"]


def test_shards_are_found_by_folder_and_people_held_out_stay_out(tmp_path: Path) -> None:
    train = write_tar(tmp_path / "clips-train-00.tar", {"a": GOOD})
    folder = write_folder(tmp_path / "valley", {"b": GOOD})
    held_out = write_tar(tmp_path / "clips-val-00.tar", {"c": GOOD})
    (tmp_path / "clips.csv").write_text("x")
    (tmp_path / "empty").mkdir()
    assert find_shards([tmp_path]) == [train, folder]
    assert find_shards([tmp_path, train]) == [train, folder]
    assert find_shards([folder, held_out]) == [folder]
    assert find_shards([tmp_path], validation=True) == [held_out]


def test_missing_and_empty_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match="nowhere") as missing:
        find_shards([tmp_path / "nowhere"])
    assert missing.value.error_id == "data-not-found"
    held_out = write_tar(tmp_path / "clips-val-00.tar", {"c": GOOD})
    with pytest.raises(ConfappError) as empty:
        find_shards([held_out])
    assert empty.value.error_id == "data-empty"
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no tar at all" * 100)
    with pytest.raises(ConfappError) as unreadable:
        read_shards([broken])
    assert unreadable.value.error_id == "data-empty"
