"""Shards copied with landmarks found anew."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_shards import SIDE, clip, points, still, synthetic_person, write_folder, write_tar

from confapp.dataset.head_pose_label import FaceLabels
from confapp.dataset.label_command import label_data
from confapp.dataset.relabelling import LabelCounts, Relabelling
from confapp.errors import ConfappError
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.video_frame import RgbImage
from models.training.data.shard import read_shard

DARK = 40  # level below which the stand-in sees no face


class MiddleLabeller:
    """Every landmark at the middle of the face it is shown; none in the dark."""

    name = "stand-in"

    def label(self, view: RgbImage, face: FaceBox) -> FaceLabels | None:
        """As `FaceLabeller`."""
        if view.mean() < DARK:
            return None
        return FaceLabels(np.zeros(3), np.tile(face.centre, (68, 1)))


class MiddleDetector(FaceDetector):
    """One face in the middle, none in the dark."""

    def detect(self, rgb: RgbImage) -> list[FaceBox]:
        """As `FaceDetector`."""
        return [FaceBox(8, 8, 16, 1.0)] if rgb.mean() >= DARK else []


def copied(tmp_path: Path, shard: Path) -> tuple[Path, LabelCounts]:
    relabelling = Relabelling(MiddleLabeller(), MiddleDetector())
    out = tmp_path / "copy.tar"
    relabelling.copy(shard, out)
    return out, relabelling.counts


def middle(frame: int) -> NDArray[np.float64]:
    """Of the landmarks' box, in the coordinates of training."""
    old = np.array(points(frame))
    centre: NDArray[np.float64] = (old.min(0) + old.max(0)) / SIDE - 1
    return centre


@pytest.mark.parametrize("sequence", [False, True])
def test_landmarks_change_and_all_else_stays(tmp_path: Path, sequence: bool) -> None:
    shard = write_tar(tmp_path / "clips.tar", {"a": clip([90, 10, 120], sequence=sequence)})
    (before,) = read_shard(shard)
    out, counts = copied(tmp_path, shard)
    (after,) = read_shard(out)
    assert counts == LabelCounts(found=2, kept=1)
    assert after.pictures == before.pictures
    assert after.person == before.person
    np.testing.assert_array_equal(after.angles, before.angles)
    np.testing.assert_allclose(after.landmarks[1], before.landmarks[1], atol=0.1 * 2 / SIDE)
    for frame in (0, 2):
        expected = np.tile(middle(frame), (68, 1))
        np.testing.assert_allclose(after.landmarks[frame], expected, atol=0.2 * 2 / SIDE)


def test_stills_and_people_of_a_folder(tmp_path: Path) -> None:
    """A synthetic person without landmarks gets them where a face is detected."""
    entries = {"p": synthetic_person([100, 10]), "s": still((60, 70, 80))}
    out, counts = copied(tmp_path, write_folder(tmp_path / "mixed", entries))
    person, photo = read_shard(out)
    assert counts == LabelCounts(found=4, without=1)
    np.testing.assert_allclose(person.landmarks[0], 0, atol=0.1)
    assert np.isnan(person.landmarks[1]).all()
    np.testing.assert_allclose(photo.landmarks[2], np.tile(middle(2), (68, 1)), atol=0.02)


def test_entries_that_cannot_be_read_are_copied(tmp_path: Path) -> None:
    broken = {**clip([90, 90]), "000.webp": b"no picture"}
    shard = write_tar(tmp_path / "clips.tar", {"a": broken, "b": clip([90])})
    out, counts = copied(tmp_path, shard)
    assert counts == LabelCounts(found=1, unread=1)
    assert [footage.name for footage in read_shard(out)] == ["b"]


def test_command_refuses_a_missing_network(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "clips.tar", {"a": clip([90])})
    with pytest.raises(ConfappError) as caught:
        label_data([shard], tmp_path / "out", tmp_path / "missing.task", as_json=True)
    assert caught.value.error_id == "network-not-found"


def test_command_says_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "confapp.dataset.label_command.open_labeller", lambda *_arguments: MiddleLabeller()
    )
    write_tar(tmp_path / "clips.tar", {"a": clip([90, 10])})
    write_tar(tmp_path / "clips-val.tar", {"b": clip([90])})
    label_data([tmp_path], tmp_path / "out", tmp_path / "any.task", as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["shards"] == 1
    assert (said["found"], said["kept"]) == (1, 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clips.tar"]
    with pytest.raises(ConfappError) as caught:
        label_data([tmp_path], tmp_path / "out", tmp_path / "any.task", as_json=True)
    assert caught.value.error_id == "output-not-empty"
