"""What is written is what is read back."""

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_shards

from confapp.errors import ConfappError
from models.training.data.footage import Kind
from models.training.data.shard import find_shards, read_shard, read_shards
from models.training.data.shard_writer import ShardWriter, WrittenClip


def clip(name: str = "one", frames: int = 3, **changes: Any) -> WrittenClip:
    parts: dict[str, Any] = {
        "person": "anna",
        "source": "holiday.mp4",
        "pictures": [tiny_shards.webp(8 * i) for i in range(frames)],
        "times": np.arange(frames) / 6,
        "angles": np.array([list(tiny_shards.pose(i).values()) for i in range(frames)]),
        "landmarks": np.array([tiny_shards.points(i) for i in range(frames)]),
    }
    return WrittenClip(name, **(parts | changes))


def test_round_trip(tmp_path: Path) -> None:
    given = clip()
    with ShardWriter(tmp_path) as writer:
        writer.write(given)
    assert writer.shards == [tmp_path / "clips-00.tar"]
    (footage,) = read_shards(find_shards([tmp_path]))
    assert footage.kind is Kind.CLIP
    assert (footage.name, footage.person, footage.source) == ("one", "anna", "holiday.mp4")
    assert footage.pictures == tuple(given.pictures)
    assert footage.angles == pytest.approx(given.angles)
    assert given.landmarks is not None
    pixels = (footage.landmarks + 1) / 2 * tiny_shards.SIDE
    assert pixels == pytest.approx(given.landmarks, abs=0.051)


def test_without_landmarks(tmp_path: Path) -> None:
    with ShardWriter(tmp_path) as writer:
        writer.write(clip(landmarks=None))
    (footage,) = read_shard(writer.shards[0])
    assert np.isnan(footage.landmarks).all()


def test_shards_are_bounded_and_keep_the_order(tmp_path: Path) -> None:
    size = sum(map(len, clip("a").files().values()))
    with ShardWriter(tmp_path, most_bytes=2 * size + size // 2) as writer:
        for name in "abcd":
            writer.write(clip(name))
        writer.write(clip("e", frames=30))  # more than a shard may hold
        writer.write(clip("f"))
    assert [[one.name for one in read_shard(path)] for path in writer.shards] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
        ["f"],
    ]


def test_parts_and_validation_have_names_of_their_own(tmp_path: Path) -> None:
    for part in (None, 1, 12):
        for validation in (False, True):
            with ShardWriter(tmp_path, part=part, validation=validation) as writer:
                writer.write(clip())
    training = ["clips-00.tar", "clips-p1-00.tar", "clips-p12-00.tar"]
    held_out = ["clips-val-00.tar", "clips-val-p1-00.tar", "clips-val-p12-00.tar"]
    assert sorted(path.name for path in find_shards([tmp_path])) == training
    assert sorted(path.name for path in find_shards([tmp_path], validation=True)) == held_out


def test_names_of_clips_do_not_matter_for_validation(tmp_path: Path) -> None:
    with ShardWriter(tmp_path) as writer:
        writer.write(clip("val-clip"))
    assert find_shards([tmp_path]) == writer.shards


def test_same_clips_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with ShardWriter(tmp_path / name) as writer:
            writer.write(clip())
        contents.append(writer.shards[0].read_bytes())
    assert contents[0] == contents[1]


def test_no_clip_no_shard(tmp_path: Path) -> None:
    with ShardWriter(tmp_path) as writer:
        pass
    assert writer.shards == []
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_whole_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of a shard takes its file away; its clips still wait."""
    writer = ShardWriter(tmp_path)
    writer.write(clip("a"))
    writer.close()
    writer.write(clip("b"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "addfile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.close()
    assert list(tmp_path.iterdir()) == [tmp_path / "clips-00.tar"]
    writer.close()
    assert [one.name for one in read_shard(tmp_path / "clips-01.tar")] == ["b"]


def test_an_error_in_the_block_writes_nothing_more(tmp_path: Path) -> None:
    def fail() -> None:
        with ShardWriter(tmp_path) as writer:
            writer.write(clip())
            raise ValueError("the work")

    with pytest.raises(ValueError, match="the work"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_no_folder(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "none")
    writer.write(clip())
    with pytest.raises(ConfappError) as caught:
        writer.close()
    assert caught.value.error_id == "shard-unwritable"


@pytest.mark.parametrize("name", ["one", "", ".", "..", "a/b"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    writer = ShardWriter(tmp_path)
    writer.write(clip("one"))
    with pytest.raises(ValueError, match="new name"):
        writer.write(clip(name))


@pytest.mark.parametrize(
    "changes",
    [
        {"pictures": []},
        {"times": np.zeros(2)},
        {"angles": np.zeros((3, 2))},
        {"landmarks": np.zeros((3, 67, 2))},
    ],
)
def test_shapes_that_do_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one"):
        clip(**changes)
