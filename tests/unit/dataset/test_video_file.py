"""Which videos there are, whom they show, and whose turn they are."""

from pathlib import Path

import pytest

from confapp.dataset.video_file import Part, PersonRule, VideoFile, find_videos
from confapp.errors import ConfappError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "videos"
    for name in (
        "anna/one.mp4",
        "anna/deep/two.MKV",
        "bert/one.mp4",
        "alone.webm",
        "notes.txt",
        ".hidden/no.mp4",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def people(videos: list[VideoFile]) -> dict[str, str]:
    return {video.name: video.person for video in videos}


def test_a_sub_folder_is_a_person(folder: Path) -> None:
    found = people(find_videos([folder]))
    assert list(found) == [
        "videos/alone.webm",
        "videos/anna/deep/two.MKV",
        "videos/anna/one.mp4",
        "videos/bert/one.mp4",
    ]
    assert found["videos/anna/one.mp4"] == found["videos/anna/deep/two.MKV"] == "anna"
    assert found["videos/bert/one.mp4"] == "bert"
    assert found["videos/alone.webm"].startswith("alone-")


def test_every_file_a_person(folder: Path) -> None:
    found = people(find_videos([folder], PersonRule.FILE))
    assert len(set(found.values())) == 4


def test_every_folder_a_person(folder: Path) -> None:
    found = people(find_videos([folder], PersonRule.FOLDER))
    assert set(found.values()) == {"videos", "anna", "deep", "bert"}


def test_files_of_one_name_are_two_people(folder: Path) -> None:
    given = [folder / "anna" / "one.mp4", folder / "bert" / "one.mp4"]
    found = find_videos(given)
    assert [video.name for video in found] == ["one.mp4", "one.mp4#2"]
    assert len({video.person for video in found}) == len({video.slug for video in found}) == 2


def test_a_file_given_twice_is_one(folder: Path) -> None:
    assert len(find_videos([folder, folder / "anna" / "one.mp4", folder / "anna"])) == 4


def test_order_does_not_depend_on_how_they_are_given(folder: Path) -> None:
    files = [folder / "bert" / "one.mp4", folder / "alone.webm"]
    assert find_videos(files) == find_videos(files[::-1])


def test_a_name_for_clips_is_short_and_plain(tmp_path: Path) -> None:
    path = tmp_path / f"Ünï/ {'long ' * 30}😀.mp4"
    video = VideoFile(path, path.name, "someone")
    assert len(video.slug) < 60
    assert set(video.slug) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    assert VideoFile(Path("😀.mp4"), "😀.mp4", "").slug


@pytest.mark.parametrize("names", [["none"], ["notes.txt/none"]])
def test_paths_that_are_not_there(folder: Path, names: list[str]) -> None:
    with pytest.raises(ConfappError) as caught:
        find_videos([folder / name for name in names])
    assert caught.value.error_id == "videos-not-found"


def test_no_video(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ConfappError) as caught:
        find_videos([tmp_path])
    assert caught.value.error_id == "videos-not-found"
    assert ".mp4" in caught.value.message


def test_parts_share_the_videos(folder: Path) -> None:
    videos = find_videos([folder])
    shares = [Part.of(f"{i}/3").share(videos) for i in (1, 2, 3)]
    assert [len(share) for share in shares] == [2, 1, 1]
    assert sorted(video.name for share in shares for video in share) == [v.name for v in videos]
    assert Part.of("7/9").share(videos) == []


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1.0/2"])
def test_parts_that_cannot_be(text: str) -> None:
    with pytest.raises(ConfappError) as caught:
        Part.of(text)
    assert caught.value.error_id == "part-unreadable"
