"""Why a frame of a video is not in the shards."""

from enum import StrEnum


class DropReason(StrEnum):
    """In the order in which a frame is asked; the value stands in the summary."""

    NO_FACE = "no-face"
    CROWD = "crowd"  # more than one face of similar size
    SMALL_FACE = "small-face"  # less than half of the face's width in the output
    BLUR = "blur"
    EDGE = "face-at-edge"  # no view inside the picture shows it as training data does
    SHORT_PIECE = "short-piece"  # too few frames before a cut, or before the view had to change
    LIKE_LAST = "like-last"  # shows what the last kept frame shows
    UNSURE = "unsure-labels"  # the landmark network's points are no face
