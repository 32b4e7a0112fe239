"""The motion of the people in training shards."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from confapp.clip_pictures import clip_pictures
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from models.training.data.footage import Footage, Kind
from models.training.data.shard import find_shards, read_shards

MOST_FRAMES = 24  # of a clip; neighbours in a clip say little more


def shard_motion(head: TalkingHead, shards: Sequence[Path]) -> Iterator[list[MotionFrame]]:
    """The first frames of each clip in the shards for training, clip by clip.

    Shards hold thinned clips, so times are only the frames' numbers.

    Raises:
        ConfappError: `data-not-found`, `data-empty`.
    """
    for footage in read_shards(find_shards(shards)):
        if footage.kind is Kind.CLIP and len(footage) > 1:
            yield _motion(head, footage)


def _motion(head: TalkingHead, footage: Footage) -> list[MotionFrame]:
    pictures = clip_pictures(footage, head.config.image_size)
    return [
        head.encode_motion(picture, number) for number, picture in islice(pictures, MOST_FRAMES)
    ]
