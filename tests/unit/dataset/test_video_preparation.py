"""Whole videos to clips, with real faces and a stand-in for the labelling network."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from made_videos import FPS, SIDE, beside, blurred, in_room, person, write_video

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.head_pose_label import FaceLabels
from confapp.dataset.survey import StoppedError
from confapp.dataset.video_file import VideoFile
from confapp.dataset.video_preparation import PreparedVideo, VideoPreparation
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage
from models.training.data.picture import decode_picture


class SeenViews:
    """A labeller that keeps what it is shown: yaw counts the frames, the nose is the box's middle.

    Attributes:
        views, faces: of each call.
        blind: numbers of the calls in which it finds nothing.
    """

    name = "counter"

    def __init__(self, blind: Sequence[int] = ()) -> None:
        self.views: list[RgbImage] = []
        self.faces: list[FaceBox] = []
        self.blind = blind

    def label(self, view: RgbImage, face: FaceBox) -> FaceLabels | None:
        self.views.append(view)
        self.faces.append(face)
        count = len(self.views) - 1
        if count in self.blind:
            return None
        landmarks = np.tile(np.array(face.centre), (68, 1))
        return FaceLabels(np.array([count, 0.0, -count]), landmarks)


def prepare(
    path: Path,
    labeller: SeenViews | None = None,
    view_side: int = SIDE,
    stopped: Callable[[], bool] = lambda: False,
) -> PreparedVideo:
    """Prepare a file, and check that every frame is accounted for."""
    preparation = VideoPreparation(FaceDetector(), labeller or SeenViews(), view_side, FPS, stopped)
    made = preparation.prepare(VideoFile(path, path.name, "somebody"))
    assert sum(map(len, made.clips)) + made.dropped.total() == made.looked_at
    return made


def counts(made: PreparedVideo) -> dict[str, int]:
    return {reason.value: count for reason, count in made.dropped.items() if count}


def test_one_person_one_clip(tmp_path: Path) -> None:
    frames = person("ada")[:20]
    labeller = SeenViews()
    made = prepare(write_video(tmp_path / "ada.mp4", frames), labeller)
    (clip,) = made.clips
    assert (len(clip), made.looked_at, counts(made)) == (20, 20, {})
    assert clip.person == "somebody"
    assert clip.source == "ada.mp4"
    assert clip.times == pytest.approx(np.arange(20) / FPS, abs=0.001)
    assert clip.angles[:, 0].tolist() == list(range(20))
    assert clip.landmarks is not None
    assert clip.landmarks[:, 0] == pytest.approx(np.array([f.centre for f in labeller.faces]))
    for encoded, frame in zip(clip.pictures, frames, strict=True):
        shown = decode_picture(encoded, SIDE).transpose(1, 2, 0)
        assert np.abs(shown.astype(float) - frame).mean() < 4


def test_a_cut_makes_two_clips(tmp_path: Path) -> None:
    frames = [*person("ada")[:10], *person("ben")[:12]]
    made = prepare(write_video(tmp_path / "cut.mp4", frames))
    assert [len(clip) for clip in made.clips] == [10, 12]
    assert len({clip.name for clip in made.clips}) == 2
    assert [clip.times[0] for clip in made.clips] == [0, 0]


def test_crowd_blur_and_an_empty_chair_are_left_out(tmp_path: Path) -> None:
    ada, ben = person("ada"), person("ben")
    frames = [
        *(in_room(frame, 112, 512) for frame in ada[:10]),
        *(beside(*pair) for pair in zip(ada[:5], ben[:5], strict=True)),
        *(in_room(blurred(frame, 6), 112, 512) for frame in ben[:4]),
        *[np.full((256, 512, 3), 120, np.uint8)] * 3,
        *(in_room(frame, 112, 512) for frame in ben[:9]),
    ]
    made = prepare(write_video(tmp_path / "mixed.mp4", frames))
    assert [len(clip) for clip in made.clips] == [10, 9]
    assert counts(made) == {"crowd": 5, "blur": 4, "no-face": 3}


def test_the_view_stays_still_and_the_face_is_half_of_it(tmp_path: Path) -> None:
    """A head that moves in a wide room moves in its view as much."""
    frames = [in_room(frame, 100 + i) for i, frame in enumerate(person("ben")[:12])]
    labeller = SeenViews()
    made = prepare(write_video(tmp_path / "walk.mp4", frames), labeller)
    assert [len(clip) for clip in made.clips] == [12]
    x = np.array([face.centre[0] for face in labeller.faces])
    assert 8 < x[-1] - x[0] < 20
    assert all(view.shape == (SIDE, SIDE, 3) for view in labeller.views)


def test_a_face_that_leaves_its_view_begins_a_clip(tmp_path: Path) -> None:
    frames = [in_room(frame, 10 * i, 600) for i, frame in enumerate(person("ada")[:30])]
    made = prepare(write_video(tmp_path / "walk.mp4", frames))
    assert len(made.clips) > 1
    assert set(counts(made)) <= {"short-piece"}


def test_512(tmp_path: Path) -> None:
    """A face of 256 is too small for 512 by a hair; one of 512 has its own pixels."""
    large = [np.kron(frame, np.ones((2, 2, 1), np.uint8)) for frame in person("ada")[:9]]
    labeller = SeenViews()
    made = prepare(write_video(tmp_path / "large.mp4", large), labeller, view_side=512)
    assert [len(clip) for clip in made.clips] == [9]
    assert labeller.views[0].shape == (512, 512, 3)


def test_frames_that_show_the_same_are_thinned(tmp_path: Path) -> None:
    frames = [frame for frame in person("ada")[:10] for _ in range(3)]
    made = prepare(write_video(tmp_path / "slow.mp4", frames))
    assert [len(clip) for clip in made.clips] == [10]
    assert counts(made) == {"like-last": 20}


def test_a_still_picture_is_no_clip(tmp_path: Path) -> None:
    made = prepare(write_video(tmp_path / "still.mp4", [person("ada")[0]] * 20))
    assert made.clips == []
    assert counts(made) == {"like-last": 19, "short-piece": 1}


def test_frames_without_labels_are_left_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "ada.mp4", person("ada")[:12])
    made = prepare(path, SeenViews(blind=(0, 3)))
    assert [len(clip) for clip in made.clips] == [10]
    assert counts(made) == {"unsure-labels": 2}
    assert made.clips[0].times[0] == 0


def test_a_short_video_is_no_clip(tmp_path: Path) -> None:
    made = prepare(write_video(tmp_path / "short.mp4", person("ada")[:7]))
    assert made.clips == []
    assert made.dropped[DropReason.SHORT_PIECE] == 7


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00" * 5000])
def test_what_is_no_video_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    made = prepare(path)
    assert "broken.mp4" in made.unreadable
    assert (made.clips, made.looked_at) == ([], 0)


def test_a_video_that_breaks_off_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    with Recorder(path, (SIDE, SIDE), FPS) as recorder:
        for frame in person("ada")[:40]:
            recorder.write(frame)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    made = prepare(path)
    assert made.broken
    assert not made.unreadable
    assert 8 <= sum(map(len, made.clips)) < 40


def test_an_error_nobody_thought_of_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: FaceDetector, _rgb: RgbImage) -> list[FaceBox]:
        raise MemoryError("picture of a wall")

    monkeypatch.setattr(FaceDetector, "detect", fail)
    made = prepare(write_video(tmp_path / "odd.mp4", person("ada")[:3]))
    assert "odd.mp4" in made.unreadable
    assert "picture of a wall" in made.unreadable


@pytest.mark.parametrize("after", [0, 15])
def test_it_can_be_stopped_at_any_look(tmp_path: Path, after: int) -> None:
    """In the first pass, and in the second."""
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > after

    path = write_video(tmp_path / "ada.mp4", person("ada")[:12])
    with pytest.raises(StoppedError):
        prepare(path, stopped=stopped)
    assert len(asked) == after + 1
