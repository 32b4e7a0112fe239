"""The face cut out of a picture, so that a loss can look at it alone and at full resolution."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.geometry import plane_grid

WIDENING = 1.3  # of the landmarks' bounding box
# First and last landmark (iBUG's 68) of each detail, and the widening of its box: an eye with its
# lids and brow, the mouth with what moves around it.
DETAILS = ((36, 42, 1.8), (42, 48, 1.8), (48, 68, 1.4))
WHOLE_PICTURE = (0.0, 0.0, 1.0)  # x, y of the centre and half the side


def face_boxes(landmarks: Tensor) -> Tensor:
    """(B, 68, 2) -> (B, 3): centre x, y and half the side of a square; NaN without landmarks."""
    return _boxes(landmarks, WIDENING)


def detail_boxes(landmarks: Tensor) -> Tensor:
    """(B, 68, 2) -> (3, B, 3): boxes as `face_boxes` of left eyes, right eyes and mouths."""
    return torch.stack(
        [_boxes(landmarks[:, first:last], widening) for first, last, widening in DETAILS]
    )


def _boxes(points: Tensor, widening: float) -> Tensor:
    """Squares around (B, n, 2) points: (B, 3)."""
    low, high = points.amin(1), points.amax(1)
    half = (high - low).amax(1, keepdim=True) / 2 * widening
    return torch.cat([(low + high) / 2, half], dim=1)


def face_crops(picture: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Cut square boxes out of pictures.

    Args:
        picture: (B, 3, H, W).
        boxes: (B, 3) of `face_boxes`; NaN takes the whole picture.
        size: side of a crop, pixels.

    Returns:
        (B, 3, size, size); the border goes on outside the picture.
    """
    whole = torch.tensor(WHOLE_PICTURE, device=boxes.device).expand_as(boxes)
    boxes = torch.where(boxes.isnan(), whole, boxes)
    grid = plane_grid(size, picture.device)
    places = boxes[:, None, None, :2] + boxes[:, None, None, 2:] * grid
    return F.grid_sample(picture, places, padding_mode="border", align_corners=False)
