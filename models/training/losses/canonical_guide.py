"""Canonical keypoints of a face lie where a frontal face has them, around the middle of the head.

Not in the paper. Landmarks alone leave depth to the little that heads turn in a clip, and nothing
says what a head turns about: deformations then take over what the rotation should explain, the
same motion does not fit another person, and a head that the viewer turns falls apart.
"""

from torch import Tensor

from models.training.losses.landmark_guide import wing

# Where a frontal, neutral face has the guided keypoints, in distances between the outer corners
# of the eyes, from the middle between the ears: medians over 160 people of MediaPipe's face mesh,
# turned by their head pose; deviations 0.03 to 0.06. Coordinates as in `models.geometry`.
FRONTAL_FACE = (
    (0.00, 0.59, -0.82),  # inner upper lip
    (0.00, 0.69, -0.79),  # inner lower lip
    (-0.37, -0.22, -0.70),  # left eye, upper lid
    (0.37, -0.22, -0.70),  # right eye, upper lid
    (-0.29, 0.61, -0.65),  # left corner of the mouth
    (0.29, 0.61, -0.65),  # right corner of the mouth
    (-0.35, -0.14, -0.69),  # left eye, lower lid
    (0.35, -0.14, -0.69),  # right eye, lower lid
    (0.00, 0.80, -0.78),  # outer lower lip
    (0.00, 0.52, -0.89),  # outer upper lip
    (-0.49, -0.44, -0.78),  # left brow
    (0.49, -0.44, -0.78),  # right brow
    (0.00, 1.13, -0.56),  # chin
    (-0.50, -0.18, -0.62),  # left eye, outer corner
    (0.50, -0.18, -0.62),  # right eye, outer corner
    (-0.20, -0.16, -0.68),  # left eye, inner corner
    (0.20, -0.16, -0.68),  # right eye, inner corner
    (0.00, 0.22, -1.11),  # nose tip
)
# Pairs whose distance tells the face's width: outer corners of the eyes, else their lower lids.
ACROSS = ((13, 14), (6, 7))


def canonical_guide_loss(canonical: Tensor) -> Tensor:
    """Wing loss of each guided keypoint's depth, and of the mean place of all.

    The face's own width is the scale, and x and y of single keypoints are free: they are what a
    person looks like.

    Args:
        canonical: x_c, (B, K, 3), the first guided keypoints among them, 8 at least.
    """
    count = min(canonical.shape[1], len(FRONTAL_FACE))
    face = canonical.new_tensor(FRONTAL_FACE[:count])
    left, right = next(pair for pair in ACROSS if max(pair) < count)
    width = (face[right] - face[left]).norm()
    scale = (canonical[:, right] - canonical[:, left]).norm(dim=-1).detach() / width
    error = canonical[:, :count] - scale[:, None, None] * face
    return wing(error[..., 2]).mean() + wing(error[..., :2].mean(1)).mean()
