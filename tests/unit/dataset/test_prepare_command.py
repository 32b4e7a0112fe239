"""The command from videos to shards that training reads."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch
from made_videos import person, write_video
from PIL import Image
from tiny_models import lively_networks, tiny

from confapp.dataset.preparation_pool import PreparationRecipe, prepare_videos
from confapp.dataset.prepare_command import PrepareOptions, prepare_data
from confapp.dataset.video_file import VideoFile
from confapp.dataset.video_preparation import PreparedVideo
from confapp.errors import ConfappError
from models.checkpoints.checkpoint import Checkpoint
from models.training.data.pair_loader import PairLoader
from models.training.data.shard import find_shards, read_shards
from models.training.data.validation import read_validation_clips


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    Checkpoint.of(lively_networks(tiny("lite-256")), "tiny").save(path)
    return str(path)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people in sub-folders, one of them with two videos, and a file that is none."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "ada" / "one.mp4", person("ada")[:10])
    write_video(folder / "ada" / "val-two.mp4", person("ada")[10:20])
    write_video(folder / "ben" / "one.mp4", person("ben")[:9])
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def run(videos: Path, out: Path, model: str, as_json: bool = True, **options: Any) -> None:
    options = {"processes": 1} | options
    prepare_data(PrepareOptions((videos,), out, model=model, **options), as_json=as_json)


def refusal(videos: Path, out: Path, model: str, **options: Any) -> ConfappError:
    with pytest.raises(ConfappError) as caught:
        run(videos, out, model, **options)
    return caught.value


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_training_takes_what_it_writes(
    videos: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(videos, tmp_path, model)
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert facts["complete"]
    assert (facts["clips"], facts["people"], facts["frames"]) == (3, 2, 29)
    assert (facts["videos"], facts["done"]) == (4, 4)
    assert facts["looked_at"] == facts["frames"] + sum(facts["dropped"].values())
    assert [name.split("/")[-1] for name in facts["unreadable"]] == ["broken.mp4"]
    assert "tiny-lite-256" in facts["labels"]
    assert said.err.count("broken.mp4") == 1
    assert facts["shards"] == ["clips-00.tar"]
    assert sorted(contents(tmp_path)) == ["clips-00.tar", "contact-sheet.png"]
    with Image.open(tmp_path / "contact-sheet.png") as sheet:
        assert sheet.width > sheet.height

    footage = read_shards(find_shards([tmp_path]))
    assert sorted({entry.person for entry in footage}) == ["ada", "ben"]
    with PairLoader([tmp_path], batch_size=4, image_size=64) as loader:
        batch = loader.batch(0)
    assert batch.source.shape == (4, 3, 64, 64)
    assert torch.isfinite(batch.driving_angles).all()
    assert not torch.isfinite(batch.driving_landmarks).any()


def test_summary_for_a_person(
    videos: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(videos, tmp_path, model, as_json=False)
    text = capsys.readouterr().out
    assert "3 clips of 2 people, 29 frames in 1 shards; from 4 of 4 videos" in text
    assert "unreadable:" in text


def test_validation_is_asked_for_by_its_option_alone(
    videos: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A video named val-two.mp4 is training data; with --validation all of it is held out."""
    run(videos, tmp_path / "a", model)
    run(videos, tmp_path / "b", model, validation=True)
    assert len(find_shards([tmp_path / "a"])) == 1
    assert [path.name for path in find_shards([tmp_path / "b"], validation=True)] == [
        "clips-val-00.tar"
    ]
    with pytest.raises(ConfappError):
        find_shards([tmp_path / "b"])
    assert len(list(read_validation_clips([tmp_path / "b"], 64))) == 3


def test_several_processes_make_the_same_bytes(videos: Path, tmp_path: Path, model: str) -> None:
    run(videos, tmp_path / "one", model)
    run(videos, tmp_path / "two", model, processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_parts_make_the_whole(
    videos: Path, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(videos, tmp_path / "all", model)
    for part in ("1/2", "2/2"):
        run(videos, tmp_path / "parts", model, part=part)
    whole, parts = (
        {entry.name: entry.pictures for entry in read_shards(find_shards([tmp_path / name]))}
        for name in ("all", "parts")
    )
    assert parts == whole
    assert sorted(contents(tmp_path / "parts")) == [
        "clips-p1-00.tar",
        "clips-p2-00.tar",
        "contact-sheet-p1.png",
        "contact-sheet-p2.png",
    ]
    assert refusal(videos, tmp_path / "parts", model, part="2/2").error_id == "output-not-empty"


def test_running_twice_is_refused_and_changes_nothing(
    videos: Path, tmp_path: Path, model: str
) -> None:
    run(videos, tmp_path, model)
    before = contents(tmp_path)
    assert refusal(videos, tmp_path, model).error_id == "output-not-empty"
    assert contents(tmp_path) == before


def test_an_interruption_keeps_whole_videos(
    videos: Path,
    tmp_path: Path,
    model: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*given: Any) -> Generator[PreparedVideo, None, None]:
        results = prepare_videos(*given)
        yield next(results)
        raise KeyboardInterrupt

    monkeypatch.setattr("confapp.dataset.prepare_command.prepare_videos", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(videos, tmp_path, model)
    facts = json.loads(capsys.readouterr().out)
    assert not facts["complete"]
    assert (facts["done"], facts["videos"], facts["clips"]) == (1, 4, 1)
    assert len(read_shards(find_shards([tmp_path]))) == 1


def test_processes_that_are_no_longer_asked_end(videos: Path, model: str) -> None:
    """Closing the generator in the middle waits for nothing but the look each is at."""
    paths = sorted(videos.rglob("*.mp4")) * 4
    files = [VideoFile(path, f"{i}", "somebody") for i, path in enumerate(paths)]
    results = prepare_videos(files, PreparationRecipe(256, 6.0, None, model), 2)
    assert next(results).name == "0"
    results.close()
    assert next(results, None) is None


def test_no_clip_is_left(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_video(tmp_path / "videos" / "short.mp4", person("ada")[:3])
    assert refusal(tmp_path / "videos", tmp_path / "out", model).error_id == "data-empty"
    assert json.loads(capsys.readouterr().out)["dropped"]["short-piece"] == 3
    assert contents(tmp_path / "out") == {}


@pytest.mark.parametrize(
    ("options", "error_id"),
    [
        ({"size": 128}, "size-unknown"),
        ({"fps": 0.0}, "fps-unknown"),
        ({"fps": float("nan")}, "fps-unknown"),
        ({"part": "3/2"}, "part-unreadable"),
        ({"landmarks": Path("none.task")}, "network-not-found"),
    ],
)
def test_options_that_cannot_be(
    videos: Path, tmp_path: Path, model: str, options: dict[str, Any], error_id: str
) -> None:
    assert refusal(videos, tmp_path / "out", model, **options).error_id == error_id
    assert not (tmp_path / "out").exists()
