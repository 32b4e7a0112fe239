"""Draws keypoints to face landmarks, so that lips and eyelids have keypoints of their own.

Not in the paper, whose keypoints are unsupervised; LivePortrait guides its own in this way.
"""

import math

import torch
from torch import Tensor

from models.facial_landmarks import GUIDES
from models.training.losses.masked import zero_where_unlabelled

# Keypoints whose distance is an expression: lips, left lids, right lids, mouth's width.
OPENINGS = ((0, 1), (2, 6), (3, 7), (4, 5))

# Wing loss, half images: errors up to 10 pixels of 256 are weighted up, most below 2.
WING_WIDTH = 10 / 128
WING_CURVATURE = 2 / 128


def guide_targets(landmarks: Tensor) -> Tensor:
    """(B, 68, 2) landmarks -> (B, 18, 2) where the guided keypoints belong; NaN stays NaN."""
    return torch.stack([landmarks[:, list(points)].mean(1) for points in GUIDES], dim=1)


def wing(error: Tensor) -> Tensor:
    """w ln(1 + |e| / c) up to |e| = w, then |e| moved to join on (Feng et al. 2018, eq. 5)."""
    size = error.abs()
    shift = WING_WIDTH * (1 - math.log1p(WING_WIDTH / WING_CURVATURE))
    near = WING_WIDTH * torch.log1p(size / WING_CURVATURE)
    return torch.where(size < WING_WIDTH, near, size - shift)


def landmark_loss(found: Tensor, landmarks: Tensor) -> Tensor:
    """Wing loss of the landmarks that a motion encoder finds: (B, 68, 2) each, labels maybe NaN."""
    return wing(zero_where_unlabelled(found - landmarks, landmarks)).mean()


def landmark_guide_loss(points: Tensor, landmarks: Tensor) -> Tensor:
    """Wing loss of the guided keypoints' places, and of the openings between them.

    Keypoints after the 18th stay free. Of a model with fewer keypoints the first are guided.

    Args:
        points: (B, K, 3) keypoints.
        landmarks: (B, 68, 2) in [-1, 1], NaN where there is none.
    """
    count = min(points.shape[1], len(GUIDES))
    targets = guide_targets(landmarks)[:, :count]
    guided = points[:, :count, :2]
    places = wing(zero_where_unlabelled(guided - targets, targets)).mean()
    pairs = [pair for pair in OPENINGS if max(pair) < count]
    if not pairs:
        return places
    one, other = (list(side) for side in zip(*pairs, strict=True))
    expected = targets[:, one] - targets[:, other]
    opening = guided[:, one] - guided[:, other]
    return places + wing(zero_where_unlabelled(opening - expected, expected)).mean()
