"""How far lips and eyelids are apart, by a model whose first keypoints are landmarks.

Those of the models whose motion encoder finds landmarks: see GUIDES in
`models.facial_landmarks`. Their deformations are measured from a face whose lips and
lids touch.
"""

import numpy as np

from confapp.motion_frame import MotionFrame

UPPER_LIP, LOWER_LIP = 0, 1
UPPER_LIDS, LOWER_LIDS = (2, 3), (6, 7)


def mouth_gap(motion: MotionFrame) -> float:
    """How far the lips are apart, in half images."""
    return _gap(motion, (UPPER_LIP,), (LOWER_LIP,))


def eye_gap(motion: MotionFrame) -> float:
    """The same of the eyelids, mean of both eyes."""
    return _gap(motion, UPPER_LIDS, LOWER_LIDS)


def _gap(motion: MotionFrame, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    height = motion.deformations[:, 1].astype(np.float64)
    return float(height[list(lower)].mean() - height[list(upper)].mean())
