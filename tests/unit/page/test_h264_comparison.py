"""H.264 at a given wire rate, by x264 itself."""

import numpy as np
import pytest

from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.framing import FaceFraming
from confapp.media.video_frame import RgbImage
from confapp.page.h264_comparison import H264Comparison


@pytest.fixture(scope="module")
def views() -> list[RgbImage]:
    framing = FaceFraming(256)
    found = [framing.frame(frame.rgb).rgb for frame in Clip(PEOPLE / "ben.mp4").frames()]
    return [view for view in found if view is not None]


def error(one: RgbImage, other: RgbImage) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize(("wire_kbps", "fps"), [(40.0, 25), (20.0, 8), (120.0, 25)])
def test_it_takes_the_rate_it_is_given(views: list[RgbImage], wire_kbps: float, fps: int) -> None:
    comparison = H264Comparison(256)
    for number in range(fps * 12):
        view = views[number % len(views)]
        comparison.picture(view, round(number * 1000 / fps), wire_kbps)
    assert comparison.kbps == pytest.approx(wire_kbps, rel=0.3)


def test_each_picture_comes_out_at_once_and_more_bits_look_better(views: list[RgbImage]) -> None:
    errors = []
    for wire_kbps in (20.0, 300.0):
        comparison = H264Comparison(256)
        total = 0.0
        for number, view in enumerate(views[:50]):
            picture = comparison.picture(view, number * 40, wire_kbps)
            assert picture is not None
            assert picture.shape == view.shape
            total += error(picture, view)
        errors.append(total)
    assert errors[1] < errors[0] / 2


def test_the_rate_is_known_after_a_second(views: list[RgbImage]) -> None:
    comparison = H264Comparison(256)
    comparison.picture(views[0], 0, 40.0)
    assert comparison.kbps is None
    comparison.picture(views[1], 1000, 40.0)
    assert comparison.kbps is not None


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        H264Comparison(255)
