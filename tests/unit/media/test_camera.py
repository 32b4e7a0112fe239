from pathlib import Path

import numpy as np
import pytest

from confapp.errors import ConfappError
from confapp.media.camera import Camera
from confapp.media.recorder import Recorder

NO_CAMERA = 97


@pytest.fixture
def device(tmp_path: Path) -> str:
    """A file is a camera to OpenCV, one that is unplugged after three pictures."""
    path = tmp_path / "device.mp4"
    with Recorder(path, (64, 48), fps=25) as recorder:
        for _ in range(3):
            picture = np.zeros((48, 64, 3), np.uint8)
            picture[..., 0] = 200  # red
            recorder.write(picture)
    return str(path)


def test_a_missing_camera_says_what_to_do(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfappError, match=r"--camera N.*--input clip\.mp4") as caught:
        Camera(NO_CAMERA)
    assert caught.value.error_id == "camera-not-found"
    assert capfd.readouterr().err == ""


def test_frames_are_rgb_with_times_of_the_clock(device: str) -> None:
    ticks = iter([50.0, 50.04, 50.04])
    camera = Camera(device, now=lambda: next(ticks))
    frames = camera.frames()
    first, second, third = next(frames), next(frames), next(frames)
    camera.close()
    assert list(frames) == []
    assert [frame.timestamp_ms for frame in (first, second, third)] == [0, 40, 41]
    assert [frame.index for frame in (first, second, third)] == [0, 1, 2]
    assert first.rgb.shape == (48, 64, 3)
    red, green, blue = first.rgb.reshape(-1, 3).mean(axis=0)
    assert red > 180
    assert max(green, blue) < 60


def test_a_camera_that_is_unplugged(device: str) -> None:
    camera = Camera(device)
    count = 0
    with pytest.raises(ConfappError, match="plug it in again") as caught:
        for _ in camera.frames():
            count += 1
    assert count == 3
    assert caught.value.error_id == "camera-lost"


def test_a_camera_that_was_never_read_closes(device: str) -> None:
    camera = Camera(device)
    camera.close()
    camera.close()
    assert list(camera.frames()) == []
