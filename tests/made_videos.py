"""Videos made from the demo's synthetic people, small enough for a test."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from confapp.demo import PEOPLE
from confapp.evaluation.face_landmarks import MESH_POINTS, FaceLandmarks
from confapp.evaluation.face_region import Points
from confapp.evaluation.helper_network import HelperNetwork
from confapp.media.clip import Clip
from confapp.media.video_frame import RgbImage

SIDE = 256  # pixels
FPS = 6  # so that each frame is looked at
EVERY = 4  # frames of the demo's 25 a second


@cache
def person(name: str) -> tuple[RgbImage, ...]:
    """`ada` or `ben` at 256x256, about six frames a second."""
    frames = Clip(PEOPLE / f"{name}.mp4").pictures()
    return tuple(scaled(frame.rgb(), SIDE) for frame in frames if frame.index % EVERY == 0)


def scaled(rgb: RgbImage, side: int) -> RgbImage:
    """A square picture at another size."""
    method = cv2.INTER_AREA if side < len(rgb) else cv2.INTER_CUBIC
    return cv2.resize(rgb, (side, side), interpolation=method).astype(np.uint8, copy=False)


def blurred(rgb: RgbImage, pixels: float) -> RgbImage:
    """Behind a Gaussian blur."""
    return cv2.GaussianBlur(rgb, (0, 0), pixels).astype(np.uint8, copy=False)


def beside(*pictures: RgbImage) -> RgbImage:
    """Pictures of one height in a row."""
    return np.concatenate(pictures, axis=1)


def in_room(rgb: RgbImage, left: int, width: int = 480, top: int = 0) -> RgbImage:
    """A picture in a wider grey one of the same height."""
    height = len(rgb)
    room = np.full((height, width, 3), 120, np.uint8)
    room[top:, left : left + rgb.shape[1]] = rgb[: height - top]
    return room


def write_video(path: Path, frames: Sequence[RgbImage] | Iterable[RgbImage]) -> Path:
    """An MP4 of `FPS` frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "14"})
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(frames):
            if index == 0:
                stream.height, stream.width = frame.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def still_mesh(points: Points) -> FaceLandmarks:
    """A landmark network that sees the same mesh in every crop.

    Args:
        points: (478, 3) pixels of a crop of 256x256.
    """
    assert points.shape == (MESH_POINTS, 3)
    network = HelperNetwork("stand-in", "none", "0" * 64, 0)
    return FaceLandmarks(network, lambda _picture: points)
