import logging
from pathlib import Path

import av
import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder

SIZE = (64, 48)


def picture(number: int) -> np.ndarray:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, : 4 * number] = (200, 80, 40)
    return rgb


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def test_frames_come_back(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with Recorder(path, SIZE, fps=30) as recorder:
        for number in range(12):
            recorder.write(picture(number))
        assert recorder.frames == 12
        assert not path.exists()
    frames = list(Clip(path).frames())
    assert [frame.timestamp_ms for frame in frames] == [round(n * 1000 / 30) for n in range(12)]
    assert all(difference(frame.rgb, picture(n)) < 8 for n, frame in enumerate(frames))
    assert list(tmp_path.iterdir()) == [path]


def test_times_that_do_not_rise_are_moved_on(tmp_path: Path) -> None:
    with Recorder(tmp_path / "out.mp4", SIZE, fps=25) as recorder:
        for at in [0, 100, 100, 90, 300]:
            recorder.write(picture(1), at)
    times = [frame.timestamp_ms for frame in Clip(tmp_path / "out.mp4").frames()]
    assert times == [0, 100, 101, 102, 300]


@pytest.mark.parametrize("first_ms", [60_000, 1, -500])
def test_the_first_frame_is_at_zero(tmp_path: Path, first_ms: int) -> None:
    with Recorder(tmp_path / "out.mp4", SIZE, fps=25) as recorder:
        for at in [0, 40, 100]:
            recorder.write(picture(1), first_ms + at)
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.duration is not None
        assert film.duration < 1_000_000  # microseconds
        stream = film.streams.video[0]
        assert stream.time_base is not None
        times = [round(f.pts * stream.time_base * 1000) for f in film.decode(stream) if f.pts]
    assert times == [40, 100]  # and one without, or with 0


def test_the_index_comes_first(tmp_path: Path) -> None:
    with Recorder(tmp_path / "out.mp4", SIZE, fps=25) as recorder:
        recorder.write(picture(1))
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_what_was_written_before_an_error_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with pytest.raises(RuntimeError, match="the call broke"), Recorder(path, SIZE, 25) as recorder:
        for number in range(7):
            recorder.write(picture(number))
        raise RuntimeError("the call broke")
    assert sum(1 for _ in Clip(path).frames()) == 7


def test_an_older_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    recorder = Recorder(path, SIZE, fps=25)
    recorder.write(picture(1))
    assert path.read_bytes() == b"old"
    recorder.close()
    assert sum(1 for _ in Clip(path).frames()) == 1


def test_nothing_recorded_leaves_nothing_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), Recorder(tmp_path / "out.mp4", SIZE, fps=25):
        pass
    assert list(tmp_path.iterdir()) == []
    assert "nothing was recorded" in caplog.text


def test_a_closed_recorder_takes_no_frame(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", SIZE, fps=25)
    recorder.write(picture(0))
    recorder.close()
    recorder.close()
    with pytest.raises(ValueError, match="closed"):
        recorder.write(picture(1))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/out.mp4", "folder does not exist"),
        ("out.avi", "must end in .mp4"),
        ("folder.mp4", "a folder has this name"),
        ("file/out.mp4", "folder does not exist"),
    ],
)
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfappError, match=reason) as caught:
        Recorder(tmp_path / name, SIZE, fps=25)
    assert caught.value.error_id == "record-unwritable"


def test_a_folder_that_lets_nobody_write() -> None:
    with pytest.raises(ConfappError) as caught:  # /proc refuses even root
        Recorder(Path("/proc/confapp.mp4"), SIZE, fps=25)
    assert caught.value.error_id == "record-unwritable"


def test_a_folder_that_goes_away_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    recorder = Recorder(folder / "out.mp4", SIZE, fps=25)
    recorder.write(picture(1))
    (folder / "out.mp4.part").unlink()
    folder.rmdir()
    with pytest.raises(ConfappError) as caught:
        recorder.close()
    assert caught.value.error_id == "record-failed"


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (0, 0)])
def test_odd_sizes_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even"):
        Recorder(tmp_path / "out.mp4", size, fps=25)


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "out.mp4", SIZE, fps=25) as recorder:
        recorder.write(picture(1))
        with pytest.raises(ValueError, match="the frame"):
            recorder.write(np.zeros((64, 48, 3), np.uint8))
