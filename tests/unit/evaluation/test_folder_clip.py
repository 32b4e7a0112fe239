"""A folder as people have them: most files are fine, some are not, and each of these is told."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from made_videos import FPS, beside, in_room, person, scaled, write_video

from confapp.errors import ConfappError
from confapp.evaluation import folder_clip
from confapp.evaluation.folder_clip import ClipFolder, FolderClip
from confapp.media.face_detector import FaceDetector
from confapp.media.recorder import Recorder

SIDE = 128


def read(path: Path) -> tuple[FolderClip | None, list[str]]:
    folder = ClipFolder(path.parent, SIDE)
    clip = folder.read(path)
    if clip is not None:
        folder.faces(clip, list(range(len(clip.frames))))
    return clip, [note.text for note in folder.notes]


def test_a_square_video_is_scaled_and_has_no_note(tmp_path: Path) -> None:
    clip, notes = read(write_video(tmp_path / "a.mp4", person("ada")[:4]))
    assert clip is not None
    assert (clip.name, len(clip.frames)) == ("a", 4)
    assert float(clip.fps) == pytest.approx(FPS, rel=0.01)
    assert clip.frames[0].shape == (SIDE, SIDE, 3)
    assert notes == []


def test_a_wide_video_is_framed_as_in_a_call(tmp_path: Path) -> None:
    clip, notes = read(
        write_video(tmp_path / "a.mp4", [in_room(frame, 180) for frame in person("ada")[:4]])
    )
    assert clip is not None
    assert clip.frames[0].shape == (SIDE, SIDE, 3)
    (face,) = FaceDetector().detect(clip.frames[0])
    assert face.centre == pytest.approx((0.5 * SIDE, 0.55 * SIDE), abs=0.15 * SIDE)
    assert notes == ["its pictures of 480x256 are framed as in a call"]


def test_a_wide_video_without_a_face_is_left_out(tmp_path: Path) -> None:
    clip, notes = read(write_video(tmp_path / "a.mp4", [np.zeros((64, 96, 3), np.uint8)] * 3))
    assert clip is None
    assert notes == ["no face is seen in it"]


def test_two_faces_are_noted(tmp_path: Path) -> None:
    frames = [
        np.vstack(
            [beside(scaled(ada, 128), scaled(ben, 128)), np.full((128, 256, 3), 90, np.uint8)]
        )
        for ada, ben in zip(person("ada")[:3], person("ben")[:3], strict=True)
    ]
    clip, notes = read(write_video(tmp_path / "a.mp4", frames))
    assert clip is not None
    assert notes == [
        "two faces or more in 3 of 3 frames looked at: the largest and most central is measured"
    ]


def test_one_frame_is_no_clip(tmp_path: Path) -> None:
    clip, notes = read(write_video(tmp_path / "a.mp4", person("ada")[:1]))
    assert clip is None
    assert notes == ["it has fewer than two frames"]


def test_a_file_that_is_no_video_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    clip, (note,) = read(tmp_path / "a.mp4")
    assert clip is None
    assert note.startswith("a.mp4 cannot be read as a video")
    assert str(tmp_path) not in note


def test_a_file_that_breaks_off_is_measured_up_to_there(tmp_path: Path) -> None:
    whole = tmp_path / "a.mp4"
    noise = np.random.default_rng(0).integers(0, 256, (40, 128, 128, 3)).astype(np.uint8)
    with Recorder(whole, (128, 128), Fraction(25)) as recorder:
        for frame in noise:
            recorder.write(frame)
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2])
    clip, notes = read(whole)
    assert clip is not None
    assert 2 <= len(clip.frames) < 40
    assert f"it breaks off after {len(clip.frames)} frames" in notes[0]


def test_a_variable_frame_rate_is_noted(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.mp4", (256, 256), Fraction(25)) as recorder:
        for frame, at_ms in zip(person("ada")[:4], (0, 40, 240, 280), strict=True):
            recorder.write(frame, at_ms)
    clip, notes = read(tmp_path / "a.mp4")
    assert clip is not None
    assert float(clip.fps) == pytest.approx(3 / 0.28)
    assert notes == ["its frame rate varies: frames are taken as they come, at the mean"]


def test_a_long_clip_is_measured_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_clip, "MOST_FRAMES", 3)
    clip, notes = read(write_video(tmp_path / "a.mp4", person("ada")[:5]))
    assert clip is not None
    assert len(clip.frames) == 3
    assert notes == ["only the first 3 frames are measured"]


@pytest.mark.parametrize("folder", ["", "not-there"])
def test_folder_without_videos(tmp_path: Path, folder: str) -> None:
    with pytest.raises(ConfappError) as caught:
        ClipFolder(tmp_path / folder, SIDE)
    assert caught.value.error_id == "videos-not-found"


def test_people_are_as_the_folder_says(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", person("ada")[:2])
    (tmp_path / "clips.json").write_text('[{"file": "a.mp4", "identity": 7}]')
    clip, _ = read(path)
    assert clip is not None
    assert clip.person == "7"
    (tmp_path / "clips.json").write_text('{"a.mp4": 7}')
    with pytest.raises(ConfappError) as caught:
        ClipFolder(tmp_path, SIDE)
    assert caught.value.error_id == "people-unreadable"
