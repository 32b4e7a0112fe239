"""The virtual camera: what other programs see, and what is said where there is none."""

import contextlib
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvirtualcam.camera
from memory_camera import NAME, MemoryCamera

from confapp.errors import ConfappError
from confapp.media.virtual_camera import HEIGHT, WIDTH, VirtualCamera, camera_picture

RED = np.full((256, 256, 3), (200, 20, 10), np.uint8)
BAR = (WIDTH - HEIGHT) // 2


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> MemoryCamera:
    camera = MemoryCamera()
    camera.install(monkeypatch)
    return camera


def test_other_programs_see_the_picture_in_the_middle(driver: MemoryCamera) -> None:
    with contextlib.closing(VirtualCamera()) as camera:
        assert camera.name == NAME
        camera.show(RED)
        assert driver.open
    assert not driver.open
    (picture,) = driver.pictures
    assert (picture[:, :BAR] == 0).all()
    assert (picture[:, WIDTH - BAR :] == 0).all()
    assert (picture[: HEIGHT // 2, BAR : WIDTH - BAR] == RED[0, 0]).all()


def test_the_picture_says_that_it_is_synthesised() -> None:
    corner = camera_picture(RED)[HEIGHT - 30 :, WIDTH - BAR - 100 : WIDTH - BAR]
    assert corner.min() == 0
    assert corner[..., 2].max() > 200


@pytest.mark.parametrize("size", [(512, 512), (96, 256), (256, 96)])
def test_pictures_of_other_sizes_fit_in(size: tuple[int, int]) -> None:
    picture = camera_picture(np.full((*size, 3), 255, np.uint8))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    bright = (picture[HEIGHT // 2] > 0).all(axis=-1), (picture[:, WIDTH // 2] > 0).all(axis=-1)
    width, height = (int(line.sum()) for line in bright)
    assert width / height == pytest.approx(size[1] / size[0], rel=0.01)
    assert width == WIDTH or height == HEIGHT


def test_a_driver_that_breaks_is_one_clear_error(driver: MemoryCamera) -> None:
    with contextlib.closing(VirtualCamera()) as camera:
        driver.broken = True
        with pytest.raises(ConfappError, match="the device is gone") as lost:
            camera.show(RED)
    assert lost.value.error_id == "virtual-camera-lost"


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "plan9"])
def test_without_a_driver_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    monkeypatch.setattr(sys, "platform", system)
    wanted = {"linux": "v4l2loopback", "plan9": "driver"}.get(system, "OBS")
    with pytest.raises(ConfappError, match=wanted) as missing:
        VirtualCamera()
    assert missing.value.error_id == "virtual-camera-not-found"


@pytest.mark.skipif(
    sys.platform != "linux" or any(Path("/dev").glob("video*")), reason="may have a driver"
)
def test_the_real_driver_is_missed() -> None:
    with pytest.raises(ConfappError, match="modprobe v4l2loopback") as missing:
        VirtualCamera()
    assert missing.value.error_id == "virtual-camera-not-found"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(ConfappError, match=r"confapp\[virtual-camera\]") as missing:
        VirtualCamera()
    assert missing.value.error_id == "no-virtual-camera-support"
