"""Clips from shards and from videos."""

import json
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest
import tiny_shards
from tiny_perception import bright_spot_landmarks

from confapp.evaluation.evaluation_clip import shard_clips, video_clips
from confapp.evaluation.folder_clip import ClipFolder
from confapp.media.photo import load_photo
from confapp.media.recorder import Recorder

SIDE = 128


def test_landmarks_are_pixels_of_the_size_asked_for(tmp_path: Path) -> None:
    shard = tiny_shards.write_tar(
        tmp_path / "clips-val-00.tar", {"one": tiny_shards.clip([10, 60, 110], person="p7")}
    )
    (clip,) = shard_clips([shard], 2 * tiny_shards.SIDE)
    assert (clip.name, clip.person) == ("one", "p7")
    assert [int(frame.mean()) for frame in clip.frames] == [10, 60, 110]
    assert clip.frames[0].shape == (64, 64, 3)
    assert clip.landmarks[1] == pytest.approx(2 * np.array(tiny_shards.points(1)), abs=1e-3)


def test_quick_look_takes_the_source_and_spread_drivers(tmp_path: Path) -> None:
    shard = tiny_shards.write_tar(
        tmp_path / "clips-val-00.tar", {"one": tiny_shards.clip([10, 20, 30, 40, 50, 60])}
    )
    (clip,) = shard_clips([shard], tiny_shards.SIDE, drivers=2)
    assert [int(frame.mean()) for frame in clip.frames] == [10, 20, 60]
    assert len(clip.landmarks) == 3
    assert clip.numbers.tolist() == [0, 1, 5]


def test_frames_without_landmarks_are_left_out(tmp_path: Path) -> None:
    files_of = tiny_shards.clip([10, 20, 30])
    facts = json.loads(files_of["clip.json"])
    del facts["frames"][0]["landmarks"]
    files_of["clip.json"] = json.dumps(facts).encode()
    shard = tiny_shards.write_tar(tmp_path / "clips-val-00.tar", {"one": files_of})
    (clip,) = shard_clips([shard], tiny_shards.SIDE)
    assert [int(frame.mean()) for frame in clip.frames] == [20, 30]
    assert clip.numbers.tolist() == [1, 2]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A face for three frames with one black frame between, a black clip, and a broken file."""
    with as_file(files("confapp.demo") / "people" / "ada.png") as path:
        ada = load_photo(path)
    black = np.zeros_like(ada)
    size = (ada.shape[1], ada.shape[0])
    for name, pictures in {"ada": [ada, ada, black, ada], "black": [black] * 3}.items():
        with Recorder(tmp_path / f"{name}.mp4", size, Fraction(25)) as recorder:
            for index, picture in enumerate(pictures):
                recorder.write(picture, index * 40)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "clips.json").write_text(json.dumps([{"file": "ada.mp4", "identity": 7}]))
    return tmp_path


def test_videos_give_frames_with_a_face(videos: Path) -> None:
    folder = ClipFolder(videos, SIDE)
    (clip,) = video_clips(folder, bright_spot_landmarks())
    assert (clip.name, clip.person) == ("ada", "7")
    assert len(clip.frames) == 3
    assert clip.frames[0].shape == (SIDE, SIDE, 3)
    assert clip.landmarks.shape == (3, 68, 2)
    assert clip.numbers.tolist() == [0, 1, 3]
    assert [(note.file, note.measured) for note in folder.notes] == [
        ("black.mp4", False),
        ("broken.mp4", False),
    ]


def test_without_the_network_landmarks_are_unknown(videos: Path) -> None:
    (clip,) = video_clips(ClipFolder(videos, SIDE), None)
    assert len(clip.frames) == 3
    assert np.isnan(clip.landmarks).all()
