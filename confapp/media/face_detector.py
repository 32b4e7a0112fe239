"""Faces in a picture, by BlazeFace (Bazarevsky et al., 2019) through OpenCV's own runtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files

import cv2
import numpy as np
from numpy.typing import NDArray

from confapp.media.video_frame import RgbImage

MODEL = "face_detection_short_range.tflite"  # see weights/README.md
INPUT_SIDE = 128  # pixels; a picture is scaled to fit into the middle
OUTPUTS = ("classificators", "regressors")
GRIDS = ((16, 2), (8, 6))  # cells a side, anchors a cell: strides 8, and three times 16
MIN_LOGIT = 0.0  # of a candidate: a score of 0.5
MIN_SCORE = 0.65  # of a face: loses 5 of 3,980 training faces, and most false ones
MAX_OVERLAP = 0.3  # of two boxes that count as two faces

QUARTER = 0.6  # of the picture's sides: the overlapping quarters where far faces are looked for
# The network's boxes of small faces are too large: by 30 % at a tenth of the picture's width. So a
# face below SMALL of the longer side is measured again in a square of CLOSE_UP times its box.
SMALL = 0.25
CLOSE_UP = 2.5
MOST_FACES = 4  # to measure again
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, eq=False)
class FaceBox:
    """A face in pixels of the picture it was found in: a square from the brows to the chin.

    Attributes:
        x, y: the left upper corner; may lie outside the picture.
        size: side of the square.
        score: 0 to 1.
    """

    x: float
    y: float
    size: float
    score: float

    @cached_property
    def centre(self) -> tuple[float, float]:
        """x, y of the middle of the box."""
        return self.x + self.size / 2, self.y + self.size / 2


class FaceDetector:
    """Finds faces; the same picture always gives the same boxes.

    Runs on one thread: OpenCV's thread count is one for the whole process and is set to 1 here,
    because the networks of a call need the cores more.
    """

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        with as_file(files("confapp.media") / "weights" / MODEL) as model:
            # OpenCV 5's new engine returns only one of the two outputs
            self._net = cv2.dnn.readNetFromTFLite(str(model), cv2.dnn.ENGINE_CLASSIC)
        self._anchors = np.concatenate([_cell_centres(*grid) for grid in GRIDS])

    def detect(self, rgb: RgbImage) -> list[FaceBox]:
        """Faces of an (H, W, 3) uint8 picture, the largest and most central first, four at most."""
        height, width = rgb.shape[:2]
        for regions in ([Region(0, 0, width, height)], _quarters(width, height)):
            seen = self._look(rgb, regions)
            seen.sort(key=lambda face: _weight(face, width, height), reverse=True)
            closer = [self._look_closer(rgb, face) for face in seen[:MOST_FACES]]
            faces = [face for face in closer if face is not None and face.score >= MIN_SCORE]
            if faces:
                return faces
        return []

    def _look(self, rgb: RgbImage, regions: Sequence[Region]) -> list[FaceBox]:
        """Faces in any of the regions."""
        found = [self._candidates(rgb, region) for region in regions]
        return _merged(np.concatenate(found))

    def _look_closer(self, rgb: RgbImage, face: FaceBox) -> FaceBox | None:
        """The same face measured from near by if it is small; None if it was none."""
        height, width = rgb.shape[:2]
        if face.size >= SMALL * max(width, height):
            return face
        x, y = face.centre
        half = CLOSE_UP * face.size / 2
        left, top = max(0, round(x - half)), max(0, round(y - half))
        right, bottom = min(width, round(x + half)), min(height, round(y + half))
        if right <= left or bottom <= top:
            return None
        faces = self._look(rgb, [Region(left, top, right - left, bottom - top)])
        return min(
            faces, key=lambda one: np.hypot(one.centre[0] - x, one.centre[1] - y), default=None
        )

    def _candidates(self, rgb: RgbImage, region: Region) -> FloatArray:
        """(N, 4) centre x, y and side in pixels of the picture, score; several for each face."""
        part = rgb[region.y : region.y + region.height, region.x : region.x + region.width]
        scale = INPUT_SIDE / max(region.width, region.height)
        width, height = max(1, round(region.width * scale)), max(1, round(region.height * scale))
        left, top = (INPUT_SIDE - width) // 2, (INPUT_SIDE - height) // 2
        canvas = np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8)
        canvas[top : top + height, left : left + width] = cv2.resize(
            part, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        self._net.setInput(cv2.dnn.blobFromImage(canvas, 1 / 127.5, mean=(127.5, 127.5, 127.5)))
        logits, numbers = (np.asarray(one[0], np.float32) for one in self._net.forward(OUTPUTS))
        chosen = np.flatnonzero((logits[:, 0] >= MIN_LOGIT) & (numbers[:, 2] > 0))
        scores = 1 / (1 + np.exp(-logits[chosen, 0]))
        boxes = numbers[chosen]  # x, y from the anchor, the side twice, six points unused
        centres = (boxes[:, :2] + self._anchors[chosen] - (left, top)) / scale
        places = centres + np.array((region.x, region.y))
        return np.column_stack([places, boxes[:, 2] / scale, scores]).astype(np.float32)


def _cell_centres(cells: int, anchors: int) -> FloatArray:
    """(cells**2 * anchors, 2) x, y in pixels of the input, row by row."""
    middles = (np.arange(cells, dtype=np.float32) + 0.5) * (INPUT_SIDE / cells)
    x, y = np.meshgrid(middles, middles)
    return np.stack([x.ravel(), y.ravel()], axis=1).repeat(anchors, axis=0)


def _quarters(width: int, height: int) -> list[Region]:
    """Four that overlap, so that a far face is whole in one of them."""
    wide, high = max(1, round(QUARTER * width)), max(1, round(QUARTER * height))
    return [Region(x, y, wide, high) for y in (0, height - high) for x in (0, width - wide)]


def _merged(candidates: FloatArray) -> list[FaceBox]:
    """One box a face: the mean of those that overlap its best, weighted by score.

    Steadier from frame to frame than the best box alone.
    """
    faces = []
    left = candidates[np.argsort(-candidates[:, 3], kind="stable")]
    while len(left):
        same = _overlaps(left[0], left) > MAX_OVERLAP
        x, y, size = np.average(left[same, :3], axis=0, weights=left[same, 3]).tolist()
        faces.append(FaceBox(x - size / 2, y - size / 2, size, float(left[0, 3])))
        left = left[~same]
    return faces


def _overlaps(one: FloatArray, others: FloatArray) -> FloatArray:
    """(N,) intersection over union of squares."""
    reach = (one[2] + others[:, 2]) / 2
    shared = np.minimum(
        np.clip(reach[:, None] - np.abs(others[:, :2] - one[:2]), 0, None),
        np.minimum(one[2], others[:, 2])[:, None],
    ).prod(axis=1)
    overlap: FloatArray = shared / (one[2] ** 2 + others[:, 2] ** 2 - shared)
    return overlap


def _weight(face: FaceBox, width: int, height: int) -> float:
    x, y = face.centre
    off_centre = np.hypot(x / width - 0.5, y / height - 0.5)  # 0 to 0.71
    return float(face.size**2 * (1 - off_centre))
