from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder

SIZE = (64, 48)


def grey(level: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def write_clip(path: Path, times_ms: list[int]) -> Path:
    with Recorder(path, SIZE, fps=25) as recorder:
        for number, at in enumerate(times_ms):
            recorder.write(grey(10 * number % 250), at)
    return path


def test_a_clip_with_uneven_times_keeps_them(tmp_path: Path) -> None:
    times = [0, 40, 200, 233, 500]
    clip = Clip(write_clip(tmp_path / "uneven.mp4", times))
    frames = list(clip.frames())
    assert [frame.timestamp_ms for frame in frames] == times
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert clip.size == SIZE
    assert clip.broken is None
    for number, frame in enumerate(frames):
        assert frame.rgb.shape == (48, 64, 3)
        assert abs(float(frame.rgb.mean()) - 10 * number) < 4


def test_times_start_at_zero(tmp_path: Path) -> None:
    clip = Clip(write_clip(tmp_path / "late.mp4", [1000, 1040, 1080]))
    assert [frame.timestamp_ms for frame in clip.frames()] == [0, 40, 80]


def test_the_average_rate_is_read(tmp_path: Path) -> None:
    clip = Clip(write_clip(tmp_path / "even.mp4", list(range(0, 1000, 40))))
    assert clip.fps == Fraction(25)


def test_a_rotated_clip_comes_upright(tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    picture = grey(0)
    picture[:, :32] = 255  # white on the left
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.set_display_rotation(90)  # anticlockwise: the left edge comes to the bottom
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    clip = Clip(path)
    assert clip.size == (48, 64)
    upright = next(clip.frames()).rgb
    assert upright[-8:].mean() > 200
    assert upright[:8].mean() < 50


def test_a_missing_clip(tmp_path: Path) -> None:
    with pytest.raises(ConfappError, match=r"nowhere\.mp4") as caught:
        Clip(tmp_path / "nowhere.mp4")
    assert caught.value.error_id == "clip-not-found"


@pytest.mark.parametrize("kind", ["empty", "text", "photo", "sound", "headless"])
def test_what_is_no_clip_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.mp4"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("not a video at all\n" * 100)
    elif kind == "photo":
        path = path.with_suffix(".png")
        Image.fromarray(grey(9)).save(path)
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=16000)
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
            sound.sample_rate = 16000
            container.mux(stream.encode(sound))
            container.mux(stream.encode())
    else:
        whole = write_clip(tmp_path / "whole.mp4", [0, 40, 80]).read_bytes()
        path.write_bytes(whole[:100])
    with pytest.raises(ConfappError) as caught:
        Clip(path)
    assert caught.value.error_id == "clip-unreadable"


def test_a_clip_that_breaks_off_gives_what_decodes(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    rng = np.random.default_rng(1)
    with Recorder(path, SIZE, fps=25) as recorder:
        for _ in range(100):
            recorder.write(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = Clip(path)
    count = sum(1 for _ in clip.frames())
    assert 20 <= count <= 60
    assert clip.broken is not None
