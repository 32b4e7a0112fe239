"""What other talking heads would send, under the same coder as ours (the paper's table 6).

Neither network is here, but what they send is known, and stands here for them, from the landmarks
of a real network:

- FOMM: 20 keypoints, x and y, and the 2x2 Jacobian around each: the affine map that takes the
  nearest points of the face mesh in the first frame to this one. 240 bytes as float16.
- fs-vid2vid: 126 landmarks, x and y. 504 bytes as float16.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from confapp.codec.code_word import FREQUENCY_BITS
from confapp.codec.frame_bytes import WIRE_FLOAT
from confapp.codec.range_coder import RangeCoder
from confapp.evaluation.face_landmarks import IBUG, MESH_POINTS, FaceLandmarks
from confapp.evaluation.face_region import FacePlace, Points
from confapp.evaluation.picture_warp import fit_affine
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame

OURS, FOMM, FS_VID2VID = "ours", "FOMM", "fs-vid2vid"
FOMM_KEYPOINTS = 20
FOMM_NEIGHBOURS = 12  # points of the mesh that tell a Jacobian
FS_VID2VID_LANDMARKS = 126
BYTE_VALUES = 256
PRIOR_FRAMES = 8  # weight of equal shares in a table

Rows = NDArray[np.uint8]  # (frames, bytes a frame)

# The 68 landmarks, and others of the mesh in equal steps.
_FURTHER = [point for point in range(MESH_POINTS) if point not in IBUG]
_STEP = len(_FURTHER) / (FS_VID2VID_LANDMARKS - len(IBUG))
LANDMARKS = [*IBUG, *(_FURTHER[int(i * _STEP)] for i in range(FS_VID2VID_LANDMARKS - len(IBUG)))]
KEYPOINTS = [IBUG[int(i * len(IBUG) / FOMM_KEYPOINTS)] for i in range(FOMM_KEYPOINTS)]


def our_rows(motions: Sequence[MotionFrame]) -> Rows:
    """Our bytes of each frame before coding."""
    return np.stack([_bytes(motion.numbers()) for motion in motions])


def comparison_rows(
    frames: Sequence[RgbImage], landmarks: FaceLandmarks, first: FacePlace
) -> dict[str, Rows]:
    """The bytes of the others' frames before coding; a row a frame.

    Args:
        frames: all frames of a clip.
        first: where the face is in the first frame; it is followed from there.
    """
    meshes = []
    place = first
    for frame in frames:
        meshes.append(landmarks.find_mesh(frame, place))
        place = FacePlace.of_landmarks(meshes[-1][list(IBUG), :2])
    half = len(frames[0]) / 2
    shapes = [mesh[:, :2] / half - 1 for mesh in meshes]  # [-1, 1] across the picture
    nearest = _neighbours(shapes[0])
    return {
        FOMM: np.stack([_bytes(_fomm(shape, shapes[0], nearest)) for shape in shapes]),
        FS_VID2VID: np.stack([_bytes(shape[LANDMARKS]) for shape in shapes]),
    }


def comparison_sizes(clips: Mapping[str, Rows]) -> dict[str, float]:
    """Mean bytes a frame of each clip, coded under tables of all other clips.

    Args:
        clips: two at least, by name.
    """
    sizes = {}
    for name, rows in clips.items():
        others = [other for key, other in clips.items() if key != name]
        coder = RangeCoder(byte_frequencies(np.concatenate(others)))
        sizes[name] = fmean(len(coder.encode(row.tobytes())) for row in rows)
    return sizes


def byte_frequencies(rows: Rows) -> NDArray[np.uint16]:
    """A static table for each byte of a frame: (positions, 256) integers >= 1 of sum 2^16."""
    positions = rows.shape[1]
    cells = np.arange(positions) * BYTE_VALUES + rows
    counts = np.bincount(cells.ravel(), minlength=positions * BYTE_VALUES)
    weights = counts.reshape(positions, BYTE_VALUES) + PRIOR_FRAMES / BYTE_VALUES
    shares = weights / weights.sum(1, keepdims=True)
    frequencies = 1 + np.floor(shares * ((1 << FREQUENCY_BITS) - BYTE_VALUES)).astype(np.int64)
    left_over = (1 << FREQUENCY_BITS) - frequencies.sum(1)
    frequencies[np.arange(positions), frequencies.argmax(1)] += left_over
    return np.asarray(frequencies, np.uint16)


def pack_rows(rows: Rows) -> dict[str, object]:
    """For JSON."""
    packed = base64.b64encode(zlib.compress(rows.tobytes(), 9)).decode("ascii")
    return {"bytes": rows.shape[1], "rows": packed}


def unpack_rows(packed: Mapping[str, object]) -> Rows:
    """The inverse of `pack_rows`."""
    data = zlib.decompress(base64.b64decode(str(packed["rows"])))
    return np.frombuffer(data, np.uint8).reshape(-1, int(str(packed["bytes"])))


def _fomm(shape: Points, first: Points, nearest: NDArray[np.int64]) -> Points:
    """(20, 6): x, y and Jacobian of each keypoint."""
    jacobians = [fit_affine(first[points], shape[points])[:, :2].ravel() for points in nearest]
    return np.column_stack([shape[KEYPOINTS], np.stack(jacobians)])


def _neighbours(shape: Points) -> NDArray[np.int64]:
    """(20, 12) points of the mesh, the nearest to each keypoint."""
    distances = np.linalg.norm(shape[KEYPOINTS, None] - shape[None], axis=2)
    return np.asarray(distances.argsort(1, kind="stable")[:, :FOMM_NEIGHBOURS], np.int64)


def _bytes(numbers: Points | NDArray[np.float16]) -> Rows:
    return np.frombuffer(numbers.astype(WIRE_FLOAT).tobytes(), np.uint8)
