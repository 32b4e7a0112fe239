"""What a video shows, look after look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2

from confapp.dataset.drop_reason import DropReason
from confapp.dataset.face_sharpness import face_sharpness, least_sharpness, least_source_size
from confapp.dataset.shot_boundary import ShotBoundary
from confapp.media.clip import Clip, TimedPicture
from confapp.media.face_detector import FaceBox
from confapp.media.framing import FaceFinder
from confapp.media.video_frame import RgbImage

ROUNDING_MS = 1  # of times: a frame that is due at 333.3 ms says 333
CROWD_SHARE = 0.5  # of the largest face's width: another such face makes a crowd


class StoppedError(Exception):
    """Somebody asked to stop in the middle of a video."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame looked at.

    Attributes:
        index: of the frame in its video.
        time_ms: since the video's first frame.
        size: (width, height) of the picture, pixels.
        face: the one face, in pixels of the picture; None where `fault` says why.
        fault: why the frame cannot be used, whatever the view.
        cut: a shot begins here.
    """

    index: int
    time_ms: int
    size: tuple[int, int]
    face: FaceBox | None
    fault: DropReason | None
    cut: bool


def survey(
    clip: Clip,
    detector: FaceFinder,
    *,
    fps: float,
    view_side: int,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Look]:
    """Look at a video from start to end.

    Args:
        fps: most looks a second.
        view_side: of the output, pixels: what is small or blurred depends on it.
        stopped: asked at each look.

    Raises:
        StoppedError: `stopped` said so.
    """
    shots = ShotBoundary()
    looks = []
    for picture in paced(clip.pictures(), fps):
        if stopped():
            raise StoppedError
        rgb = picture.rgb()
        cut = shots.is_cut(rgb)
        face, fault = _the_face(detector.detect(rgb), rgb, view_side)
        size = (rgb.shape[1], rgb.shape[0])
        looks.append(Look(picture.index, picture.timestamp_ms, size, face, fault, cut))
    return looks


def paced(pictures: Iterator[TimedPicture], fps: float) -> Iterator[TimedPicture]:
    """The first picture of each 1/fps of a second."""
    next_slot = 0
    for picture in pictures:
        slot = int((picture.timestamp_ms + ROUNDING_MS) * fps / 1000)
        if slot >= next_slot:
            next_slot = slot + 1
            yield picture


def _the_face(
    faces: list[FaceBox], rgb: RgbImage, view_side: int
) -> tuple[FaceBox | None, DropReason | None]:
    """The one usable face, or what is wrong."""
    faces = sorted(faces, key=lambda face: face.size, reverse=True)
    if not faces:
        return None, DropReason.NO_FACE
    face = faces[0]
    if len(faces) > 1 and faces[1].size >= CROWD_SHARE * face.size:
        return None, DropReason.CROWD
    if face.size < least_source_size(view_side):
        return None, DropReason.SMALL_FACE
    try:
        sharpness = face_sharpness(rgb, face, view_side)
    except cv2.error:  # the detector's box lies outside the picture
        return None, DropReason.EDGE
    if sharpness < least_sharpness(view_side):
        return None, DropReason.BLUR
    return face, None
