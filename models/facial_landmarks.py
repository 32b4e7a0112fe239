"""The 68 landmarks of iBUG: which of them guide keypoints, and which are mirror images."""

LANDMARKS = 68

# Keypoint k is drawn to the mean of these landmarks (iBUG's 68; "left" is the image's left).
# A frame may carry only the first keypoints, so what is looked at most comes first.
GUIDES: tuple[tuple[int, ...], ...] = (
    (62,),  # inner upper lip
    (66,),  # inner lower lip
    (37, 38),  # left eye, upper lid
    (43, 44),  # right eye, upper lid
    (48,),  # left corner of the mouth
    (54,),  # right corner of the mouth
    (40, 41),  # left eye, lower lid
    (46, 47),  # right eye, lower lid
    (57,),  # outer lower lip
    (51,),  # outer upper lip
    (19,),  # left brow
    (24,),  # right brow
    (8,),  # chin
    (36,),  # left eye, outer corner
    (45,),  # right eye, outer corner
    (39,),  # left eye, inner corner
    (42,),  # right eye, inner corner
    (30,),  # nose tip
)

# fmt: off
MIRRORED_LANDMARKS = (  # iBUG order: whose place each point takes in the mirror
    *range(16, -1, -1),                        # jaw
    *range(26, 16, -1),                        # brows
    *range(27, 31), *range(35, 30, -1),        # nose
    45, 44, 43, 42, 47, 46,                    # eyes
    39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1),    # outer lips
    *range(64, 59, -1), *range(67, 64, -1),    # inner lips
)
# fmt: on
