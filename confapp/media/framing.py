"""The stable square view of a face that the networks were trained on."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from confapp.errors import ConfappError
from confapp.media.face_detector import FaceBox, FaceDetector
from confapp.media.video_frame import RgbImage

# Where the detector's box lies in a training view, as shares of the view's side: medians, and the
# 1st to 99th percentile, over 3,975 frames of 1,000 clips of the training data.
FACE_X = 0.505
FACE_Y = 0.547
FACE_SIZE = 0.468
FACE_X_RANGE = (0.364, 0.638)
FACE_Y_RANGE = (0.381, 0.680)
FACE_SIZE_RANGE = (0.376, 0.674)
SLACK = 0.03  # beyond these ranges until the view moves: more than the box trembles

VIEW_SIDE = 256  # pixels
DETECT_EVERY = 5  # frames
GLIDE_SHARE = 0.2  # of the way that is left, a frame
GLIDE_STEP = 0.02  # of the view's side at most, a frame
SETTLED = 0.002  # of the view's side: the glide is over
JUMP_DISTANCE = 1.0  # face sizes between two detections: another shot, or another person
JUMP_SCALE = 1.6


@dataclass(frozen=True, slots=True)
class Square:
    """A square in pixels of the input; may reach beyond the picture."""

    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True, eq=False)
class FramedView:
    """One frame as the networks take it.

    Attributes:
        rgb: (size, size, 3) uint8; None as long as no face was ever seen.
        face: False where no face is seen; `rgb` then shows where it was last.
        square: what `rgb` shows, in pixels of the input.
        box: the face as last detected, in pixels of the input.
    """

    rgb: RgbImage | None
    face: bool
    square: Square | None
    box: FaceBox | None


class FaceFinder(Protocol):
    """What framing asks of a detector."""

    def detect(self, rgb: RgbImage) -> list[FaceBox]:
        """Faces of an (H, W, 3) uint8 picture, the one to take first."""
        ...


class FaceFraming:
    """Finds the face, follows it, and cuts a view that stays still for as long as it can.

    The first face fixes the view. It stays while the face lies in it as faces lie in the training
    data, glides to a new one when the face leaves that range, and moves at once when the face is
    suddenly elsewhere (seen twice, so that one wrong detection moves nothing).

    Args:
        size: side of the view in pixels.
        detector: finds faces.
        detect_every: frames from one detection to the next; every frame while no face is seen.
    """

    def __init__(
        self,
        size: int = VIEW_SIDE,
        detector: FaceFinder | None = None,
        detect_every: int = DETECT_EVERY,
    ) -> None:
        self.size = size
        self._detector = detector or FaceDetector()
        self._detect_every = detect_every
        self._shape: tuple[int, ...] = ()
        self._reset()

    def _reset(self) -> None:
        self._square: Square | None = None
        self._goal: Square | None = None
        self._box: FaceBox | None = None
        self._face = False
        self._jumped = False
        self._since_detection = 0

    def frame(self, rgb: RgbImage) -> FramedView:
        """The view of the next frame, (H, W, 3) uint8, of a moving source."""
        if rgb.shape != self._shape:
            self._reset()
            self._shape = rgb.shape
        self._since_detection += 1
        if not self._face or self._since_detection >= self._detect_every:
            self._since_detection = 0
            self._detect(rgb)
        self._glide()
        if self._square is None:
            return FramedView(None, False, None, None)
        return FramedView(_cut(rgb, self._square, self.size), self._face, self._square, self._box)

    def frame_photo(self, rgb: RgbImage) -> RgbImage:
        """The (size, size, 3) view of a single photo, framed as the first frame of a clip.

        Raises:
            ConfappError: `no-face`.
        """
        faces = self._detector.detect(rgb)
        if not faces:
            raise ConfappError(
                "no-face",
                "No face was found in the photo; choose one that shows one face from the front.",
            )
        return _cut(rgb, view_of(faces[0], rgb.shape[1], rgb.shape[0]), self.size)

    def _detect(self, rgb: RgbImage) -> None:
        faces = self._detector.detect(rgb)
        if not faces:
            self._face = self._jumped = False
            return
        face = _same_face(faces, self._box)
        jump = self._box is not None and _is_jump(self._box, face)
        if jump and not self._jumped:
            self._face, self._jumped = False, True
            return
        self._box, self._face, self._jumped = face, True, False
        view = view_of(face, rgb.shape[1], rgb.shape[0])
        if self._square is None or jump:
            self._square, self._goal = view, None
        elif self._goal is not None or not _lies_as_in_training(face, self._square, SLACK):
            self._goal = view

    def _glide(self) -> None:
        if self._goal is None or self._square is None:
            return
        here = np.array([self._square.x, self._square.y, self._square.side])
        way = np.array([self._goal.x, self._goal.y, self._goal.side]) - here
        if np.abs(way).max() <= SETTLED * self._square.side:
            self._goal = None
            return
        longest = float(np.abs(way).max())
        share = min(GLIDE_SHARE, GLIDE_STEP * self._square.side / longest)
        self._square = Square(*(here + share * way).tolist())


def view_of(face: FaceBox, width: int, height: int) -> Square:
    """The square of a width x height picture that shows a face as the training data does.

    The picture's own pixels come first: as far as the face still lies as in the training data, a
    square picture stays whole, and the view is made smaller or moved rather than padded.
    """
    short = float(min(width, height))
    if width == height and _lies_as_in_training(face, Square(0.0, 0.0, short)):
        return Square(0.0, 0.0, short)
    side = face.size / FACE_SIZE
    if side > short:
        side = max(short, face.size / FACE_SIZE_RANGE[1])
    x, y = face.centre
    return Square(
        _start(x, side, width, FACE_X, FACE_X_RANGE),
        _start(y, side, height, FACE_Y, FACE_Y_RANGE),
        side,
    )


def _start(
    centre: float, side: float, length: int, share: float, shares: tuple[float, float]
) -> float:
    """Left (or upper) edge of the view: moved into the picture as far as the range allows."""
    inside = float(np.clip(centre - share * side, 0.0, max(0.0, length - side)))
    return float(np.clip(inside, centre - shares[1] * side, centre - shares[0] * side))


def _lies_as_in_training(face: FaceBox, view: Square, slack: float = 0.0) -> bool:
    x, y = face.centre
    places = (
        ((x - view.x) / view.side, FACE_X_RANGE),
        ((y - view.y) / view.side, FACE_Y_RANGE),
        (face.size / view.side, FACE_SIZE_RANGE),
    )
    return all(low - slack <= place <= high + slack for place, (low, high) in places)


def _same_face(faces: list[FaceBox], last: FaceBox | None) -> FaceBox:
    if last is None:
        return faces[0]
    near = [face for face in faces if not _is_jump(last, face)]
    return min(near, key=lambda face: _distance(last, face)) if near else faces[0]


def _distance(one: FaceBox, other: FaceBox) -> float:
    return float(np.hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1]))


def _is_jump(last: FaceBox, face: FaceBox) -> bool:
    scale = face.size / last.size
    return (
        _distance(last, face) > JUMP_DISTANCE * last.size or not 1 / JUMP_SCALE < scale < JUMP_SCALE
    )


def _cut(rgb: RgbImage, square: Square, size: int) -> RgbImage:
    height, width = rgb.shape[:2]
    left, top, side = round(square.x), round(square.y), max(1, round(square.side))
    x0, x1 = np.clip([left, left + side], 0, width)
    y0, y1 = np.clip([top, top + side], 0, height)
    view = rgb[y0:y1, x0:x1]
    if view.shape[:2] != (side, side):
        view = cv2.copyMakeBorder(
            view,
            int(y0) - top,
            top + side - int(y1),
            int(x0) - left,
            left + side - int(x1),
            cv2.BORDER_REPLICATE,
        ).astype(np.uint8, copy=False)
    if side == size:
        return np.ascontiguousarray(view)
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(view, (size, size), interpolation=interpolation).astype(np.uint8, copy=False)
